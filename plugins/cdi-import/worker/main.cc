// cdi-import-worker STATE_DIRECTORY [LOCK_DESCRIPTOR [CREDENTIALS_DESCRIPTOR]]: fills one claim, as the
// ledger in the state directory says.
//
// Started by the plugin with the claim's lock already held, and with the credentials for the server in a
// pipe; by hand it takes the lock itself, and has no credentials. Exit status: 0 done or nothing to do, 1
// failed (failure.json says why), 2 no usable ledger.
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "framework/base/secret.h"
#include "framework/plugin/contents_mark.h"
#include "plugins/cdi-import/worker/import.h"

namespace tenon::cdi {
namespace {

// Waits out those that only look whether it is held.
constexpr std::chrono::milliseconds kPatience{2000};

Result<FileDescriptor> claim_lock(const char* descriptor, const std::string& directory) {
  if (descriptor == nullptr) return lock_contents(directory, kPatience);
  FileDescriptor lock(std::atoi(descriptor));
  fcntl(lock.get(), F_SETFD, FD_CLOEXEC);
  if (!holds_contents(lock, directory)) return Error{Code::not_found, directory + " was removed"};
  return lock;
}

int say(int code, const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

// Once they are here no dump of this process is made.
Credentials read_credentials(const char* descriptor) {
  if (descriptor == nullptr) return {};
  forbid_dumps();
  const FileDescriptor pipe(std::atoi(descriptor));
  char block[4096];
  const ssize_t count = read(pipe.get(), block, sizeof block);
  if (count <= 0) return {};
  const Credentials credentials = credentials_from(std::string(block, static_cast<size_t>(count)));
  explicit_bzero(block, sizeof block);
  return credentials;
}

int work(const StateDirectory& state, const char* descriptor, const Credentials& credentials) {
  const auto ledger = state.ledger();
  if (!ledger) return say(2, ledger.error().message);
  if (!*ledger) return say(2, state.path() + " has no ledger");
  const std::string& directory = (*ledger)->claim.directory;
  const auto lock = claim_lock(descriptor, directory);
  if (!lock) return say(0, "nothing to do: " + lock.error().message);
  say(0, "importing for " + (*ledger)->address);
  Monitor monitor(state, [&] {
    return state.cancel_requested() || !holds_contents(*lock, directory) ||
           access(state.path().c_str(), F_OK) != 0;
  });
  const MaybeFailure failure = run_import(**ledger, *lock, credentials, monitor);
  if (!failure) return say(0, "done");
  if (failure->reason == kStopped) return say(0, failure->message);
  if (const Status written = state.write_failure(*failure); !written) say(1, written.error().message);
  return say(1, failure->reason + ": " + failure->message);
}

}  // namespace
}  // namespace tenon::cdi

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr,
                 "usage: cdi-import-worker STATE_DIRECTORY [LOCK_DESCRIPTOR [CREDENTIALS_DESCRIPTOR]]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const tenon::cdi::Credentials credentials = tenon::cdi::read_credentials(argc > 3 ? argv[3] : nullptr);
  return tenon::cdi::work(tenon::cdi::StateDirectory(argv[1]), argc > 2 ? argv[2] : nullptr, credentials);
}
