#include "core/error.h"
#include "exec/worker_pool.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

// The program that worker_pool_test.cpp starts: a worker that does what a question says, or, called "parent", a pool of one.

namespace {

std::string answer(const std::string& question, const std::atomic<bool>& told_to_stop) {
    const std::string verb = question.substr(0, question.find(' ')), rest = question.substr(question.find(' ') + 1);
    if (verb == "die") ::raise(SIGKILL);
    if (verb == "die-once" && !std::filesystem::exists(rest)) {
        std::ofstream(rest) << "died";
        ::raise(SIGKILL);
    }
    if (verb == "leave") ::_exit(7);
    if (verb == "process") return std::to_string(::getpid());
    if (verb == "until-told") {
        std::ofstream(rest) << ::getpid();
        while (!told_to_stop) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return "told";
    }
    if (verb == "sleep") std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(rest)));
    std::printf("what a worker prints is no answer\n");
    return verb + "!";
}

}  // namespace

int main(int argc, char** argv) {
    using namespace nachos;
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "parent") {
        exec::WorkerPool pool({.command = {argv[0]}});
        const std::string question = std::string("until-told ") + argv[2];
        pool.ask({&question, 1}, [](std::size_t, const exec::Answer&) {}, {});
        return 0;
    }
    if (mode == "crash") return 3;
    exec::serve([&](const std::atomic<bool>& told_to_stop) -> exec::AnswerFn {
        require(mode != "fail", ErrorKind::bad_data, "no {} of that\nname", argc);
        return [&told_to_stop](const std::string& question) { return answer(question, told_to_stop); };
    });
}
