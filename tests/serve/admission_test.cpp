#include "serve/admission.h"

#include "core/expect_error.h"

#include <gtest/gtest.h>

#include <set>

namespace nachos::serve {
namespace {

Visitor at(const std::string& host) {
    return {.method = "GET", .host = host, .origin = {}, .fetch_site = {}, .fetch_mode = {}, .tokens = {}};
}

int status(const Admission& admission, const Visitor& visitor) { return admission.examine(visitor).status; }

TEST(Admission, LoopbackIsThisMachineAlone) {
    for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.9.8.7", "::1"})
        EXPECT_TRUE(is_loopback(host)) << host;
    for (const char* host : {"", "0.0.0.0", "::", "128.0.0.1", "localhost.example", "127.0.0.1.example", "10.0.0.1", "::2"})
        EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(Admission, AddressesOfUrls) {
    EXPECT_EQ(url_host("::1"), "[::1]");
    EXPECT_EQ(url_host("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(url_host("box"), "box");
}

TEST(Admission, SecretsAreComparedWhole) {
    EXPECT_TRUE(same_secret("abc", "abc"));
    for (const char* other : {"", "ab", "abcd", "abd", "ABC", "abcabc"}) EXPECT_FALSE(same_secret(other, "abc")) << other;
    EXPECT_FALSE(same_secret("a", ""));
}

TEST(Admission, TokensDiffer) {
    std::set<std::string> tokens;
    for (int i = 0; i < 100; ++i) tokens.insert(random_token());
    EXPECT_EQ(tokens.size(), 100U);
    for (const std::string& token : tokens) EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(tokens.begin()->size(), 32U);
}

TEST(Admission, OnLoopbackOnlyLoopbackNamesWithThePortServed) {
    const Admission admission("127.0.0.1", 8080, {"box"}, "");
    for (const char* host : {"127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"})
        EXPECT_EQ(status(admission, at(host)), 0) << host;
    for (const char* host :
         {"", "evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8081", "box:8080",
          "127.0.0.1.evil.example:8080", "10.0.0.1:8080", "localhost:8080:8080", ":8080", "[::1:8080"})
        EXPECT_EQ(status(admission, at(host)), 403) << host;
}

TEST(Admission, AWebServersPortMayBeLeftOut) {
    const Admission admission("127.0.0.1", 80, {}, "");
    EXPECT_EQ(status(admission, at("localhost")), 0);
    EXPECT_EQ(status(admission, at("localhost:80")), 0);
    EXPECT_EQ(status(admission, at("localhost:81")), 403);
}

TEST(Admission, OnAllAddressesAnyNumberAndOurNamesButNoOther) {
    for (const char* any : {"0.0.0.0", "::"}) {
        const Admission admission(any, 8080, {"Box"}, "");
        for (const char* host : {"10.1.2.3:8080", "[fe80::1]:8080", "box:8080", "localhost:8080"})
            EXPECT_EQ(status(admission, at(host)), 0) << host;
        for (const char* host : {"evil.example:8080", "10.1.2.3.4:8080", "[10.1.2.3]:8080"})
            EXPECT_EQ(status(admission, at(host)), 403) << host;
    }
}

TEST(Admission, OneAddressIsCalledByItAndByOurName) {
    const Admission admission("10.0.0.7", 8080, {"box"}, "");
    EXPECT_EQ(status(admission, at("10.0.0.7:8080")), 0);
    EXPECT_EQ(status(admission, at("box:8080")), 0);
    EXPECT_EQ(status(admission, at("10.0.0.8:8080")), 403);
    EXPECT_EQ(status(admission, at("localhost:8080")), 403);
}

TEST(Admission, OtherMethodsAreRefusedFirst) {
    const Admission admission("127.0.0.1", 8080, {}, "");
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", ""}) {
        Visitor visitor = at("localhost:8080");
        visitor.method = method;
        EXPECT_EQ(status(admission, visitor), 405) << method;
    }
    Visitor head = at("localhost:8080");
    head.method = "HEAD";
    EXPECT_EQ(status(admission, head), 0);
}

TEST(Admission, PagesOfOthersAreRefused) {
    const Admission admission("127.0.0.1", 8080, {}, "");
    Visitor visitor = at("localhost:8080");
    visitor.origin = "http://localhost:8080";
    EXPECT_EQ(status(admission, visitor), 0);
    for (const char* origin :
         {"http://evil.example", "null", "https://localhost:8080", "http://localhost:9090", "http://127.0.0.1:8080"}) {
        visitor.origin = origin;
        EXPECT_EQ(status(admission, visitor), 403) << origin;
    }
}

TEST(Admission, WhatABrowserSaysOfTheAskingSiteCounts) {
    const Admission admission("127.0.0.1", 8080, {}, "");
    Visitor visitor = at("localhost:8080");
    for (const char* own : {"same-origin", "none"}) {
        visitor.fetch_site = own;
        EXPECT_EQ(status(admission, visitor), 0) << own;
    }
    for (const char* other : {"cross-site", "same-site"}) {
        visitor.fetch_site = other;
        visitor.fetch_mode = "no-cors";
        EXPECT_EQ(status(admission, visitor), 403) << other;
        visitor.fetch_mode = "navigate";  // a link to it: the other page sees nothing of it
        EXPECT_EQ(status(admission, visitor), 0) << other;
    }
}

TEST(Admission, ATokenIsAskedForWhereThereIsOne) {
    const Admission admission("127.0.0.1", 8080, {}, "0123456789abcdef");
    Visitor visitor = at("localhost:8080");
    EXPECT_EQ(status(admission, visitor), 401);
    visitor.tokens = {"", "0123456789abcdeg"};
    EXPECT_EQ(status(admission, visitor), 401);
    visitor.tokens = {"wrong", "0123456789abcdef"};
    EXPECT_EQ(status(admission, visitor), 0);
    visitor.host = "evil.example";  // a token is no excuse
    EXPECT_EQ(status(admission, visitor), 403);
}

}  // namespace
}  // namespace nachos::serve
