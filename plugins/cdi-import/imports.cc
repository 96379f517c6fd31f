#include "plugins/cdi-import/imports.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "framework/base/files.h"
#include "framework/base/process.h"
#include "framework/plugin/place.h"
#include "plugins/cdi-import/leftovers.h"
#include "plugins/cdi-import/source.h"

namespace tenon::cdi {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A look at the lock (is_locked) holds it for a moment; that is nobody at work.
constexpr milliseconds kLook{200};

bool same_owner(const Ledger& ledger, const sdk::Resource& resource) {
  return ledger.inventory == resource.inventory && ledger.address == resource.address;
}

Error foreign(const StateDirectory& state, const Ledger& ledger, Code code) {
  return {code, state.path() + " belongs to " + ledger.address + " of inventory " + ledger.inventory};
}

Status check_ledger(const StateDirectory& state, const Ledger& ledger, const sdk::Resource& resource) {
  if (!same_owner(ledger, resource)) return foreign(state, ledger, Code::already_exists);
  // The same intent is resumed, also after a change that left the source alone.
  if (ledger.nonce == resource.nonce &&
      ledger.spec.value("source", Json()) == resource.desired.value("source", Json()))
    return {};
  return Error{Code::already_exists,
               state.path() + " holds an earlier import of " + ledger.address + ": it must be deleted first"};
}

Result<TargetClaim> usable_claim(const sdk::Resource& resource) {
  const auto claim = seen_claim(resource);
  if (!claim) return Error{Code::failed_precondition, resource.address + ": its claim does not exist yet"};
  const TargetClaim& target = claim->target;
  if (target.directory.empty() || target.disk_path.empty() || target.size <= 0)
    return Error{Code::failed_precondition,
                 resource.address + ": its claim is no file on this machine to import into"};
  return target;
}

Ledger ledger_for(const sdk::Resource& resource, const std::optional<Ledger>& before,
                  const TargetClaim& claim, const Json& settings) {
  return {.inventory = resource.inventory,
          .address = resource.address,
          .nonce = resource.nonce,
          .generation = resource.generation,
          .import_generation = before ? before->import_generation : resource.generation,
          .spec = resource.desired,
          .claim = claim,
          .settings = settings,
          .record = resource.record};
}

// False: there is work to do. True: this import did it before. An error: what the claim holds is not ours to
// overwrite.
Result<bool> is_done(const Ledger& ledger) {
  auto mark = read_contents_mark(ledger.claim.directory);
  if (!mark) return mark.error();
  const std::string& nonce = ledger.claim.nonce;
  if (is_populated_by(*mark, nonce, ledger.address, ledger.import_generation)) {
    if (!(*mark)->released) return true;
    (*mark)->released = false;
    const Status kept = write_contents_mark(ledger.claim.directory, **mark);
    return kept ? Result<bool>(true) : kept.error();
  }
  const auto seen = look_at_contents(ledger.claim.directory, ledger.claim.disk_path, nonce);
  if (!seen) return seen.error();
  const bool told = seen->state == contents_state(seen->mark, nonce);
  if (told && may_fill(*mark, nonce, ledger.address)) return false;
  const std::string held = !told                                 ? "a disk that no mark tells of"
                           : !*mark || (*mark)->importer.empty() ? "data that no importer brought"
                                                                 : "what " + (*mark)->importer + " imported";
  return Error{Code::failed_precondition, ledger.claim.directory + " already holds " + held +
                                              "; an import never overwrites it: delete the claim first"};
}

// Before the ledger goes: what was imported stays, for this importer to replace.
Status release(const Ledger& ledger) {
  auto mark = read_contents_mark(ledger.claim.directory);
  if (!mark) return mark.error();
  if (!is_populated_by(*mark, ledger.claim.nonce, ledger.address, ledger.import_generation)) return {};
  (*mark)->released = true;
  return write_contents_mark(ledger.claim.directory, **mark);
}

// None of what is no directory.
fs::directory_iterator entries(const fs::directory_entry& entry, std::error_code& error) {
  return entry.is_directory() ? fs::directory_iterator(entry.path(), error) : fs::directory_iterator();
}

// From which a worker reads them; none where there are none. A pipe holds at least 4096 bytes.
Result<FileDescriptor> filled_pipe(const Credentials& credentials) {
  if (credentials.empty()) return FileDescriptor();
  std::string bytes = to_bytes(credentials);
  if (bytes.size() > 4096)
    return Error{Code::invalid_argument, "the user and the password of the source have more than 4095 bytes"};
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("making", "a pipe", errno);
  FileDescriptor reading(fcntl(ends[0], F_DUPFD_CLOEXEC, 3));
  const FileDescriptor unused(ends[0]), writing(ends[1]);
  const ssize_t written = write(writing.get(), bytes.data(), bytes.size());
  explicit_bzero(bytes.data(), bytes.size());
  if (!reading || written < 0) return errno_error("filling", "a pipe", errno);
  return reading;
}

// Whether the lock, if it is held, is held by this import's worker.
bool may_be_filling(const Ledger& ledger) {
  const auto mark = read_contents_mark(ledger.claim.directory);
  return !mark || !*mark || (*mark)->importer == ledger.address;
}

}  // namespace

std::optional<SeenClaim> seen_claim(const sdk::Resource& resource) {
  const auto found =
      resource.dependencies.find("core/PersistentVolumeClaim/" + resource.name_space + "/" + resource.name);
  if (found == resource.dependencies.end()) return std::nullopt;
  SeenClaim claim{.phase = found->value("phase", ""), .outputs = found->value("outputs", Json::object())};
  const Json disk = claim.outputs.value("disk", Json::object());
  claim.target = {.nonce = found->value("nonce", ""),
                  .directory = claim.outputs.value("contents", Json::object()).value("directory", ""),
                  .disk_path = disk.value("type", "") == "file" ? disk.value("path", "") : "",
                  .size = disk.value("size", int64_t{0})};
  return claim;
}

Result<StateDirectory> Imports::state_of(const sdk::Resource& resource) const {
  for (const std::string& part : {resource.name_space, resource.name})
    if (part.empty() || part.starts_with('.') ||
        part.find_first_of(std::string("/\0", 2)) != std::string::npos)
      return Error{Code::invalid_argument, "'" + part + "' cannot name an import's directory"};
  // What was made before identities were paths has its address there.
  if (resource.identity.starts_with('/'))
    if (const auto place = place_below(directory_, resource.identity); !place) return place.error();
  return StateDirectory(directory_ + "/" + resource.name_space + "/" + resource.name);
}

Result<std::optional<ImportView>> Imports::find(const sdk::Resource& resource) const {
  const auto state = state_of(resource);
  if (!state) return state.error();
  auto ledger = state->ledger();
  if (!ledger) return ledger.error();
  if (!*ledger) return std::optional<ImportView>();
  const std::string& directory = (*ledger)->claim.directory;
  ImportFacts facts{.locked = contents_locked(directory)};
  facts.mark = read_contents_mark(directory);
  if (const auto claim = seen_claim(resource)) {
    facts.claim_phase = claim->phase;
    if (!claim->target.nonce.empty()) facts.claim_nonce = claim->target.nonce;
  }
  auto failure = state->failure();
  if (!failure) return failure.error();
  facts.failure = *failure;
  facts.progress = state->progress();
  return std::optional(ImportView{**ledger, derive_state(**ledger, facts)});
}

Result<std::string> Imports::identity_of(const sdk::Resource& resource) const {
  const auto state = state_of(resource);
  return state ? Result<std::string>(state->path()) : state.error();
}

std::vector<std::string> Imports::places(const sdk::Resource& resource) const {
  const auto state = state_of(resource);
  if (!state) return {};
  std::vector<std::string> places = {state->path()};
  const auto ledger = state->ledger();
  if (ledger && *ledger) places.push_back((*ledger)->claim.directory);
  return places;
}

Result<bool> Imports::start(const sdk::Resource& resource, const Credentials& credentials) const {
  if (const auto source = parse_source(resource.desired); !source) return source.error();
  const auto state = state_of(resource);
  if (!state) return state.error();
  const auto before = state->ledger();
  if (!before) return before.error();
  if (*before)
    if (const Status ours = check_ledger(*state, **before, resource); !ours) return ours.error();
  const auto claim = usable_claim(resource);
  if (!claim) return claim.error();
  const Ledger ledger = ledger_for(resource, *before, *claim, settings_);
  const auto lock = lock_contents(claim->directory, kLook);
  if (!lock && lock.error().code == Code::aborted && *before && may_be_filling(**before)) return true;
  if (!lock) return lock.error();
  const auto done = is_done(ledger);
  if (!done) return done.error();
  if (*done) {
    if (const Status written = state->write_ledger(ledger); !written) return written.error();
    return false;
  }
  if (const Status launched = launch(*state, ledger, *lock, credentials); !launched) return launched.error();
  return true;
}

Status Imports::launch(const StateDirectory& state, const Ledger& ledger, const FileDescriptor& lock,
                       const Credentials& credentials) const {
  if (const Status forgotten = state.forget_attempt(); !forgotten) return forgotten;
  if (const Status written = state.write_ledger(ledger); !written) return written;
  const auto pipe = filled_pipe(credentials);
  if (!pipe) return pipe.error();
  // The worker has the lock from its first moment on: nobody can come in between.
  SpawnOptions worker_options{.argv = {worker_, state.path(), std::to_string(lock.get())},
                              .log = state.log_path(),
                              .keep = {lock.get()},
                              .detach = true};
  if (*pipe) {
    worker_options.argv.push_back(std::to_string(pipe->get()));
    worker_options.keep.push_back(pipe->get());
  }
  const auto worker = spawn(worker_options);
  return worker ? Status() : Status(worker.error());
}

Status Imports::change(const sdk::Resource& resource, const std::function<Status(Ledger&)>& change) const {
  const auto state = state_of(resource);
  if (!state) return state.error();
  const auto before = state->ledger();
  if (!before) return before.error();
  if (!*before) return Error{Code::not_found, resource.address + " has no import"};
  Ledger ledger = **before;
  if (!ledger.inventory.empty() && !same_owner(ledger, resource))
    return foreign(*state, ledger, Code::failed_precondition);
  if (const Status changed = change(ledger); !changed) return changed;
  return state->write_ledger(ledger);
}

Status Imports::update(const sdk::Resource& resource) const {
  return change(resource, [&](Ledger& ledger) -> Status {
    if (ledger.inventory.empty())
      return Error{Code::failed_precondition, resource.address + ": its import is nobody's: adopt it first"};
    if (ledger.spec.value("source", Json()) != resource.desired.value("source", Json()))
      return Error{Code::failed_precondition,
                   resource.address + ": another source needs another import: replace it"};
    ledger.generation = resource.generation;
    ledger.spec = resource.desired;
    ledger.record = resource.record;
    return {};
  });
}

Status Imports::adopt(const sdk::Resource& resource) const {
  return change(resource, [&](Ledger& ledger) -> Status {
    ledger.inventory = resource.inventory;
    ledger.address = resource.address;
    ledger.nonce = resource.nonce;
    ledger.generation = resource.generation;
    ledger.spec = resource.desired;
    ledger.record = resource.record;
    // The claim may have been adopted too, and have another nonce since.
    if (const auto claim = seen_claim(resource); claim && claim->target.directory == ledger.claim.directory)
      ledger.claim.nonce = claim->target.nonce;
    return {};
  });
}

Status Imports::forget(const sdk::Resource& resource) const {
  const Status forgotten = change(resource, [](Ledger& ledger) -> Status {
    ledger.inventory = "";
    ledger.record = nullptr;
    return {};
  });
  const bool gone = !forgotten && forgotten.error().code == Code::not_found;
  return gone ? Status() : forgotten;
}

Result<std::map<std::string, Ledger>> Imports::list() const {
  std::map<std::string, Ledger> ledgers;
  std::error_code error;
  for (fs::directory_iterator space(directory_, error), end; !error && space != end; space.increment(error))
    for (fs::directory_iterator entry = entries(*space, error); !error && entry != end;
         entry.increment(error)) {
      auto ledger = StateDirectory(entry->path()).ledger();
      if (!ledger) return ledger.error();
      if (*ledger && !(*ledger)->inventory.empty()) ledgers.emplace(entry->path(), std::move(**ledger));
    }
  if (error && error != std::errc::no_such_file_or_directory)
    return Error{Code::unavailable, "looking through " + directory_ + ": " + error.message()};
  return ledgers;
}

Result<bool> Imports::remove(const sdk::Resource& resource, milliseconds patience) const {
  const auto state = state_of(resource);
  if (!state) return state.error();
  const auto ledger = state->ledger();
  if (!ledger) return ledger.error();
  if (*ledger && !same_owner(**ledger, resource)) return foreign(*state, **ledger, Code::failed_precondition);
  if (!*ledger) {
    if (const Status removed = state->remove(); !removed) return removed.error();
    return true;
  }
  if (const Status asked = state->request_cancel(); !asked) return asked.error();
  const std::string& directory = (*ledger)->claim.directory;
  const auto lock = lock_contents(directory, patience);
  const Code code = lock ? Code::internal : lock.error().code;
  if (code == Code::aborted && may_be_filling(**ledger)) return false;
  if (!lock && code != Code::aborted && code != Code::not_found) return lock.error();
  if (lock) {
    if (const Status removed = remove_leftovers(directory); !removed) return removed.error();
    if (const Status released = release(**ledger); !released) return released.error();
  }
  if (const Status removed = state->remove(); !removed) return removed.error();
  return true;
}

}  // namespace tenon::cdi
