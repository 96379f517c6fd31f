// The exit codes of every command; docs/cli.md has the table for users.
#pragma once

namespace tenon {

enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,        // an error or wrong usage; nothing was changed
  kChanges = 2,        // plan --detailed-exitcode: there are changes
  kPartial = 3,        // apply or destroy finished in part or was interrupted once
  kRefused = 4,        // by a guard, a stale plan, the lock, a foreign owner, a missing approval
  kInterrupted = 130,  // by Ctrl-C before anything was changed, or by a second one
  kUnread = 141        // whoever read the output has gone; nothing was changed
};

}  // namespace tenon
