#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nachos::exec {

/// What a pool and its workers say to each other: lines, each beginning with one of these words.
inline constexpr const char* kAsk = "ask ";        ///< a question follows
inline constexpr const char* kStop = "stop";       ///< answer soon
inline constexpr const char* kReady = "ready";     ///< set-up has ended well
inline constexpr const char* kFailed = "failed ";  ///< it has not: exit code and message follow
inline constexpr const char* kAnswer = "answer ";

/// Sends a line without its end; what it contains of line ends becomes spaces. False if the other side is gone.
bool send_line(int socket, std::string line);

/// Lines as they arrive in pieces.
class Lines {
  public:
    /// Waits for some bytes. False if the other side is gone, or sends a line beyond 256 MiB.
    bool receive(int socket);
    /// The next whole line, without its end.
    std::optional<std::string> next();

  private:
    std::string bytes_;
    std::size_t searched_ = 0;  ///< no line ends before this
};

}  // namespace nachos::exec
