#include "cli/candidate_messages.h"

#include "core/expect_error.h"

#include <gtest/gtest.h>

namespace nachos::cli {
namespace {

const CandidateQuestion kQuestion{.arch = {.space = "mbv3-small"}, .fidelity = {}};

TEST(CandidateMessages, AnEvaluationArrivesAsItLeft) {
    study::Evaluation sent;
    sent.error = "stage 1 has \xff depth";  // a library's message need not be text
    sent.table_file = "tables/x.safetensors";
    sent.seconds = 1.5;
    const auto got = evaluation_from({.text = to_text(sent), .lost = {}}, kQuestion);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->arch, kQuestion.arch);
    EXPECT_TRUE(got->error.starts_with("stage 1 has ")) << got->error;
    EXPECT_EQ(got->table_file, sent.table_file);
    EXPECT_EQ(got->seconds, sent.seconds);
}

TEST(CandidateMessages, WhatBecameOfAWorkerIsToldApart) {
    EXPECT_FALSE(evaluation_from({.text = stopped_text(), .lost = {}}, kQuestion));
    const auto lost = evaluation_from({.text = {}, .lost = "its worker was ended by signal 9"}, kQuestion);
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->error, "its worker was ended by signal 9");
    test::expect_error(ErrorKind::runtime, {"no space left"}, [] {
        evaluation_from({.text = failed_text("cannot write tables/x: no space left"), .lost = {}}, kQuestion);
    });
}

}  // namespace
}  // namespace nachos::cli
