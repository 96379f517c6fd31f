#include "framework/engine/rebuild.h"

#include <ostream>

#include "framework/base/printable.h"
#include "framework/cli/acting.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/engine/places.h"

namespace tenon {
namespace {

// The inventory that is rebuilt: as asked for, else the one that is there and has rows, else the only one
// found. Nothing: it was said why not, and with which status the command ends.
std::optional<std::string> choose(const Arguments& arguments, const std::string& known,
                                  const MarkedObjects& marked, Environment& env, int& status) {
  const auto found = marked.inventories();
  const std::string& wanted = arguments.inventory.empty() ? known : arguments.inventory;
  if (found.count(wanted)) return wanted;
  if (wanted.empty() && found.size() == 1) return found.begin()->first;
  if (!wanted.empty() && wanted == known) {
    env.out << "No object carries the mark of inventory " << wanted << ".\n";
  } else if (found.empty() && wanted.empty()) {
    env.out << "No object carries a mark of Tenon.\n";
  } else {
    status = wanted.empty() ? kRefused : kFailure;
    if (wanted.empty())
      env.err << "Several inventories have objects here; say which one this is:\n";
    else
      print_error({Code::not_found, "no object carries the mark of inventory " + wanted +
                                        (found.empty() ? ", or any" : "; these have objects here:")},
                  env);
    for (const auto& [uuid, count] : found)
      env.err << "  tenon rebuild --inventory " << printable(uuid) << "   (" << counted(count, "object")
              << ")\n";
  }
  return std::nullopt;
}

void show(const std::string& uuid, const std::vector<Owned>& rows, const MarkedObjects& marked,
          Environment& env) {
  for (const Owned& row : rows)
    env.out << "  + " << printable(to_string(row.address)) << "  (" << printable(row.identity) << ")\n";
  for (const std::string& instance : marked.unlisted)
    env.out << "note: instance " << instance
            << " cannot list its objects: what it has is found again by the next "
            << "apply that declares it\n";
  env.out << "\nInventory " << uuid << ": " << counted(rows.size(), "record") << " to restore.\n";
}

int rebuild(const Arguments& arguments, Environment& env, Session& session) {
  const auto known = session.inventory().owned();
  const auto marked = known ? session.patiently([&] { return list_marked(session.world(), ""); })
                            : Result<MarkedObjects>(known.error());
  if (!marked) {
    print_error(marked.error(), env);
    return kFailure;
  }
  int status = kSuccess;
  const auto uuid = choose(arguments, known->empty() ? "" : session.inventory().uuid(), *marked, env, status);
  if (!uuid) return status;
  Diagnostics diagnostics;
  std::vector<Resource> declared;
  if (!arguments.files.empty()) declared = load_resources(arguments, session.vault(), diagnostics);
  auto rows = session.patiently([&] {
    return rebuild_rows(session.world(), *uuid, *marked, std::move(declared), arguments.set, diagnostics);
  });
  if (!print_diagnostics(diagnostics, env)) return kFailure;
  rows = missing_rows(*known, std::move(rows));
  if (rows.empty()) {
    env.out << "Nothing is missing: the inventory has everything that carries its mark.\n";
    return kSuccess;
  }
  show(*uuid, rows, *marked, env);
  if (!confirmed(arguments, env)) return kRefused;
  env.acted = true;
  const auto places = session.inventory().places();
  const Status done =
      places ? restore_inventory(
                   arguments.state + "/inventory.db", *uuid, session.inventory().secret_key(), rows,
                   next_places(*places, *session.world().places, instances_of(*known), instances_of(rows)))
             : places.error();
  if (!done) {
    print_error(done.error(), env);
    return kFailure;
  }
  env.out << "\nDone: " << counted(rows.size(), "record") << " restored.\n";
  return kSuccess;
}

}  // namespace

int run_rebuild(const Arguments& arguments, Environment& env) {
  return with_lock(arguments, env, [&](const RunLock&) {
    // Opened for reading: an inventory that is not there must not be made with another UUID.
    const auto session = Session::open(arguments, env);
    return session ? rebuild(arguments, env, *session) : static_cast<int>(kFailure);
  });
}

}  // namespace tenon
