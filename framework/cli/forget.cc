#include <algorithm>
#include <ostream>

#include "framework/cli/acting.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/selection.h"

namespace tenon {
namespace {

Result<std::set<Address>> selected(const Arguments& arguments, Session& session) {
  const Result<Selection> selection = Selection::parse(arguments, session.catalog());
  if (!selection) return selection.error();
  const auto owned = session.inventory().owned();
  if (!owned) return owned.error();
  std::vector<Address> found;
  for (const Owned& row : *owned)
    if (selection->matches(row.address)) found.push_back(row.address);
  if (const auto missing = selection->missing(found))
    return Error{Code::not_found, "'" + *missing + "' is not owned: there is nothing to forget"};
  return std::set<Address>(found.begin(), found.end());
}

// With all that belongs to composites among them.
std::set<Address> with_children(std::set<Address> addresses, const std::vector<Owned>& owned) {
  for (size_t before = 0; before != addresses.size();) {
    before = addresses.size();
    for (const Owned& row : owned)
      if (row.parent && addresses.contains(*row.parent)) addresses.insert(row.address);
  }
  return addresses;
}

// Nobody looks at anything: for what can no longer be reached.
int remove_records(const Arguments& arguments, Environment& env, Session& session,
                   const std::set<Address>& addresses) {
  const auto owned = session.inventory().owned();
  if (!owned) {
    print_error(owned.error(), env);
    return kFailure;
  }
  std::vector<Record> records;
  for (const Address& address : with_children(addresses, *owned)) {
    env.out << "  ~ " << to_string(address)
            << "\n      forget: only its record is removed; what exists keeps its mark\n";
    records.emplace_back(DropOwned{address});
  }
  if (!confirmed(arguments, env)) return kRefused;
  env.acted = true;
  if (const Status done = session.inventory().commit(records); !done) {
    print_error(done.error(), env);
    return kFailure;
  }
  env.out << "\nDone: " << counted(records.size(), "record") << " removed.\n";
  return kSuccess;
}

}  // namespace

int run_forget(const Arguments& arguments, Environment& env) {
  return with_session(arguments, env, [&](Session& session) {
    const auto addresses = selected(arguments, session);
    if (!addresses) {
      print_error(addresses.error(), env);
      return static_cast<int>(kFailure);
    }
    if (addresses->empty()) {
      env.out << "No changes.\n";
      return static_cast<int>(kSuccess);
    }
    if (arguments.record_only) return remove_records(arguments, env, session, *addresses);
    PlanOptions options;
    options.forget = *addresses;
    return plan_and_run(arguments, env, session, options);
  });
}

}  // namespace tenon
