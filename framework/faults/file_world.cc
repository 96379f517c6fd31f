#include "framework/faults/file_world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tenon::faults {
namespace {

// The same for an address in every run and on every machine.
unsigned character(const std::string& address) {
  unsigned hash = 2166136261U;
  for (const char c : address) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash >> 8;
}

Duration appears_after(const Address& address) {
  if (address.kind == "Ticket") return Duration(400);
  return Duration(character(to_string(address)) % 5 == 0 ? 200 : 0);
}
Duration gone_after(const std::string& address) { return Duration(character(address) % 4 == 0 ? 300 : 0); }
Duration work_of(const std::string& address) { return Duration(300 + character(address) % 2500); }
int deaths_of(const std::string& address) { return character(address) % 3 == 0 ? 1 : 0; }

int64_t ticks(Time time) { return time.time_since_epoch().count(); }
Time time_of(const Json& json) { return Time(Duration(json.get<int64_t>())); }

int64_t size_of(const Json& spec) { return spec.is_object() ? spec.value("size", int64_t{0}) : 0; }

Json to_json(const Object& o) {
  return {{"id", o.id},
          {"at", to_string(o.address)},
          {"inventory", o.mark.inventory},
          {"address", o.mark.address},
          {"nonce", o.mark.nonce},
          {"generation", o.mark.generation},
          {"spec", o.spec},
          {"visible", ticks(o.visible_from)},
          {"began", ticks(o.work_began)},
          {"deaths", o.deaths_left},
          {"removed", o.removed ? Json(ticks(*o.removed)) : Json()},
          {"filled", o.filled}};
}

Object object_from(const Json& json) {
  Object o{.address = *parse_address(json.at("at").get<std::string>()),
           .mark = {json.at("inventory"), json.at("address"), json.at("nonce"), json.at("generation")},
           .spec = json.at("spec"),
           .id = json.at("id"),
           .visible_from = time_of(json.at("visible")),
           .work_began = time_of(json.at("began")),
           .deaths_left = json.at("deaths"),
           .size = size_of(json.at("spec")),
           .filled = json.at("filled")};
  if (!json.at("removed").is_null()) o.removed = time_of(json.at("removed"));
  return o;
}

Json put(const Object& object) { return Json{{"put", to_json(object)}}; }
Json wrong(std::string what) { return Json{{"wrong", std::move(what)}}; }

// Requirements as the spec has them: visit takes a kind and a name.
template <typename Visit>
void each_need(const Json& spec, Visit visit) {
  constexpr std::pair<const char*, const char*> kFields[] = {
      {"boxes", "Box"}, {"tokens", "Token"}, {"disk", "Disk"}, {"import", "Import"}};
  for (const auto& [field, kind] : kFields) {
    const auto found = spec.find(field);
    if (found == spec.end()) continue;
    const Json& names = *found;
    if (names.is_string()) visit(kind, *names.get_ptr<const std::string*>());
    if (names.is_array())
      for (const Json& name : names) visit(kind, *name.get_ptr<const std::string*>());
  }
}

Mark mark_of(const Request& request) {
  return {request.inventory, to_string(request.address), request.nonce, request.generation};
}

bool has_unique_name(const Address& address) { return address.kind != "Token" && address.kind != "Ticket"; }

Error owned_by(const Object& object) {
  return {Code::already_exists,
          object.mark.address + " exists and belongs to inventory " + object.mark.inventory};
}

Request request_from(const Json& json) {
  return {.address = *parse_address(json.at("address").get<std::string>()),
          .desired = json.at("desired"),
          .generation = json.at("generation"),
          .identity = json.at("identity"),
          .nonce = json.at("nonce"),
          .inventory = json.at("inventory"),
          .mark = json.at("mark")};
}

Json kept(const Request& request) {
  return {{"address", to_string(request.address)},
          {"desired", request.desired},
          {"generation", request.generation},
          {"identity", request.identity},
          {"nonce", request.nonce},
          {"inventory", request.inventory},
          {"mark", request.mark}};
}

}  // namespace

Result<std::unique_ptr<FileWorld>> FileWorld::open(const std::string& path, Trace& trace) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return errno_error("opening", path, errno);
  std::unique_ptr<FileWorld> world(new FileWorld(path, std::move(file), trace));
  if (Status read = world->catch_up(); !read) return read.error();
  return world;
}

Result<std::unique_ptr<FileWorld>> FileWorld::copy_at(const std::string& path) const {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  if (!file) return errno_error("opening", path, errno);
  std::unique_ptr<FileWorld> copy(new FileWorld(path, std::move(file), trace_));
  for (const auto& [id, object] : objects_) copy->keep(object);
  copy->accepted_ = accepted_;
  copy->ledger_ = ledger_;
  copy->last_call_ = last_call_;
  copy->opened_ = opened_;
  copy->tokens_ = tokens_;
  copy->read_ = read_;
  return copy;
}

Status FileWorld::catch_up() {
  opened_ = now();
  struct stat status {};
  if (fstat(file_.get(), &status) != 0 || status.st_size < read_)
    return Error{Code::internal, path_ + ": is shorter than it was"};
  std::string text(static_cast<size_t>(status.st_size - read_), '\0');
  if (pread(file_.get(), text.data(), text.size(), read_) != static_cast<ssize_t>(text.size()))
    return errno_error("reading", path_, errno);
  const Status replayed = replay(text);
  return replayed ? replayed : Status(with_context(path_, replayed.error()));
}

// A write that a kill cut short has not happened.
Status FileWorld::replay(const std::string& text) {
  const size_t whole = text.rfind('\n') + 1;
  read_ += static_cast<off_t>(whole);
  if (whole < text.size() && ftruncate(file_.get(), read_) != 0)
    return Error{Code::internal, "cannot be cut to its last whole line"};
  for (size_t begin = 0; begin < whole;) {
    const size_t end = text.find('\n', begin);
    const Json lines = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                   text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (!lines.is_array()) return Error{Code::internal, "holds what is not of this world"};
    for (const Json& line : lines) apply(line);
    begin = end + 1;
  }
  return {};
}

void FileWorld::apply(const Json& line) {
  const std::string& what = line.begin().key();
  const Json& value = line.begin().value();
  if (what == "put") {
    keep(object_from(value));
  } else if (what == "made") {
    ++ledger_.made[value];
  } else if (what == "gone") {
    ++ledger_.unmade[to_string(objects_.at(value).address)];
    drop(value);
  } else if (what == "wrong") {
    ledger_.wrong.push_back(value);
  } else if (what == "call") {
    last_call_ = value.at("number");
    accepted_[last_call_] = {static_cast<CallKind>(value.at("kind").get<int>()),
                             request_from(value.at("request"))};
  } else if (what == "over") {
    accepted_.erase(value.get<int>());
  }
}

void FileWorld::keep(Object object) {
  const auto [it, fresh] = objects_.try_emplace(object.id);
  const bool moves = !fresh && it->second.address != object.address;
  if (moves) unlist(it->second);
  quiet_until_ = {};
  it->second = std::move(object);
  const Object& kept = it->second;
  if (fresh || moves) by_address_[kept.address].push_back(&it->second);
  const std::string address = to_string(kept.address);
  if (kept.removed)
    restless_[kept.id] = *kept.removed + gone_after(address);
  else if (kept.address.kind == "Import")
    restless_[kept.id] = kept.work_began + work_of(address);
}

void FileWorld::unlist(const Object& object) {
  std::erase_if(by_address_.at(object.address), [&](const Object* other) { return other == &object; });
}

void FileWorld::drop(const std::string& id) {
  const auto it = objects_.find(id);
  quiet_until_ = {};
  unlist(it->second);
  restless_.erase(id);
  objects_.erase(it);
}

Status FileWorld::forget_history() {
  Json lines = Json::array();
  for (const auto& [id, object] : objects_) lines.push_back(put(object));
  const std::string text = lines.dump() + "\n";
  if (Status written = write_file_atomically(path_, text); !written) return written;
  file_.reset(::open(path_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  read_ = static_cast<off_t>(text.size());
  ledger_ = {};
  accepted_.clear();
  return file_ ? Status() : Status(errno_error("opening", path_, errno));
}

void FileWorld::commit(std::vector<Json> lines) {
  if (current_) lines.push_back(Json{{"over", std::exchange(current_, 0)}});
  const Json all(std::move(lines));
  const std::string text = all.dump() + "\n";
  // A world that cannot be written is no world: nothing that is concluded from it would be true.
  if (::write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) abort();
  read_ += static_cast<off_t>(text.size());
  for (const Json& line : all) apply(line);
}

int FileWorld::accept(CallKind kind, const Request& request) {
  const int number = last_call_ + 1;
  Json call = {{"number", number}, {"kind", static_cast<int>(kind)}, {"request", kept(request)}};
  commit({Json{{"call", std::move(call)}}});
  return number;
}

void FileWorld::end() {
  if (current_) commit({});
}

void FileWorld::finish_abandoned(std::mt19937& random) {
  const auto abandoned = accepted_;
  for (const auto& [number, call] : abandoned) {
    begin(number);
    if (random() % 2 == 0) {
      if (call.kind == CallKind::create) (void)create(call.request).has_value();
      if (call.kind == CallKind::update) (void)update(call.request).has_value();
      if (call.kind == CallKind::remove) (void)remove(call.request).has_value();
    }
    end();
  }
}

void FileWorld::put_unmarked(const Address& address, const Json& spec) {
  commit({put({.address = address, .mark = {}, .spec = spec, .id = "by-hand-" + address.name})});
}

Pools FileWorld::pools() const {
  if (room_ == 0) return {};
  int64_t taken = 0;
  for (const auto& [id, object] : objects_)
    if (opened_ >= object.visible_from) taken += object.size;
  const auto units = [](int64_t amount) { return *Quantity::from_json(Json(amount)); };
  return {{"room", Pool{units(room_), units(room_ - taken), "units"}}};
}

Object* FileWorld::find(const Request& request) {
  if (const auto known = objects_.find(request.identity); known != objects_.end()) return &known->second;
  const auto named = by_address_.find(request.address);
  if (named == by_address_.end()) return nullptr;
  for (Object* object : named->second) {
    const bool called = object->mark.nonce == request.nonce || object->id == request.identity;
    if (called || has_unique_name(request.address)) return object;
  }
  return nullptr;
}

Object* FileWorld::find_by_mark(const Request& request) {
  const auto named = by_address_.find(request.address);
  if (named == by_address_.end() || tokens_ != Tokens::by_mark) return nullptr;
  for (Object* object : named->second)
    if (object->mark.inventory == request.inventory) return object;
  return nullptr;
}

const Object* FileWorld::present(const std::string& kind, const std::string& name) const {
  const auto named = by_address_.find({"test", kind, "default", name});
  if (named == by_address_.end()) return nullptr;
  for (const Object* object : named->second)
    if (!object->removed) return object;
  return nullptr;
}

Observation FileWorld::look(const Request& request) {
  settle();
  const Object* object = find(request);
  if (!object) object = find_by_mark(request);
  return object && now() >= object->visible_from ? seen(*object) : Observation();
}

Result<Outcome> FileWorld::create(const Request& request) {
  settle();
  Object* object = find(request);
  const bool shows = object && now() >= object->visible_from;
  if (!object || (request.address.kind == "Ticket" && !shows)) return make(request, {});
  if (request.address.kind == "Parcel" && object->mark.inventory.empty()) return mark(*object, request);
  const bool same = object->mark.inventory == request.inventory && object->mark.nonce == request.nonce &&
                    object->mark.generation == request.generation;
  if (!same) return owned_by(*object);
  if (is_dead(*object)) {
    Object resumed = *object;
    --resumed.deaths_left;
    resumed.work_began = now();
    commit({put(resumed)});
  }
  return Outcome{.identity = object->id};
}

Result<Outcome> FileWorld::make(const Request& request, std::vector<Json> lines) {
  const std::string address = to_string(request.address);
  const bool at_once = !has_unique_name(request.address) && tokens_ == Tokens::by_mark;
  complain_of_missing_needs(request.address, request.desired, lines);
  std::string id = "id-" + request.nonce;
  while (objects_.contains(id)) id += "-again";
  const Object object{.address = request.address,
                      .mark = request.address.kind == "Parcel" ? Mark() : mark_of(request),
                      .spec = request.desired,
                      .id = id,
                      .visible_from = at_once ? now() : now() + appears_after(request.address),
                      .work_began = now(),
                      .deaths_left = request.address.kind == "Import" ? deaths_of(address) : 0,
                      .size = size_of(request.desired)};
  complain_of_room(object, lines);
  lines.push_back(put(object));
  lines.push_back(Json{{"made", address}});
  commit(std::move(lines));
  return Outcome{.in_progress = true, .identity = object.id};
}

Result<Outcome> FileWorld::mark(const Object& object, const Request& request) {
  Object marked = object;
  marked.mark = mark_of(request);
  commit({put(marked)});
  return Outcome{.identity = marked.id};
}

Result<Outcome> FileWorld::update(const Request& request) {
  settle();
  Object* object = find(request);
  if (!object) return Error{Code::not_found, to_string(request.address) + " does not exist"};
  const bool free = request.mark == "set" && object->mark.inventory.empty();
  if (!free && object->mark.nonce != request.nonce) return owned_by(*object);
  Object changed = *object;
  changed.address = request.address;
  changed.mark = mark_of(request);
  if (request.mark == "drop") changed.mark = {};
  if (request.mark.empty()) changed.spec = request.desired, changed.size = size_of(changed.spec);
  std::vector<Json> lines{put(changed)};
  if (request.mark.empty()) complain_of_missing_needs(changed.address, changed.spec, lines);
  // Nobody makes one by hand: it was asked for, and an intent says so wherever that is not forgotten.
  if (request.mark == "set" && request.address.kind == "Parcel" && tokens_ == Tokens::by_nonce)
    lines.push_back(wrong(to_string(changed.address) + " was adopted, and is of a create of its own"));
  complain_of_room(changed, lines);
  commit(std::move(lines));
  return Outcome{.identity = changed.id};
}

Result<Outcome> FileWorld::remove(const Request& request) {
  settle();
  Object* object = find(request);
  if (!object || object->removed) return Outcome{};
  if (object->mark.nonce != request.nonce) return owned_by(*object);
  Object removed = *object;
  removed.removed = now();
  std::vector<Json> lines{put(removed)};
  complain_of_users(removed, lines);
  commit(std::move(lines));
  return Outcome{.in_progress = gone_after(to_string(removed.address)) > Duration(0)};
}

void FileWorld::complain_of_missing_needs(const Address& address, const Json& spec,
                                          std::vector<Json>& lines) const {
  each_need(spec, [&](const std::string& kind, const std::string& name) {
    const Object* need = present(kind, name);
    if (!need)
      lines.push_back(
          wrong(to_string(address) + " was asked for while " + kind + " " + name + " is missing"));
    if (need && spec.contains("import") && kind == "Disk" && need->filled.is_null())
      lines.push_back(wrong(to_string(address) + " was started on " + name + ", which is not filled"));
  });
}

void FileWorld::complain_of_users(const Object& object, std::vector<Json>& lines) const {
  for (const auto& [id, user] : objects_) {
    if (user.removed || user.address.kind == "Import") continue;
    each_need(user.spec, [&](std::string_view kind, const std::string& name) {
      if (name == object.address.name && object.address.kind == kind)
        lines.push_back(wrong(object.mark.address + " was removed while " + user.mark.address + " uses it"));
    });
  }
}

void FileWorld::complain_of_room(const Object& changed, std::vector<Json>& lines) const {
  int64_t taken = changed.size;
  for (const auto& [id, object] : objects_)
    if (id != changed.id) taken += object.size;
  if (room_ > 0 && taken > room_)
    lines.push_back(wrong(to_string(changed.address) + " was given room where there is none: " +
                          std::to_string(taken) + " of " + std::to_string(room_)));
}

bool FileWorld::is_dead(const Object& object) const {
  return object.deaths_left > 0 && now() >= object.work_began + work_of(to_string(object.address)) / 2;
}

Object* FileWorld::disk_of(const Object& import) {
  const auto named = by_address_.find({"test", "Disk", "default", import.spec.at("disk").get<std::string>()});
  return named == by_address_.end() || named->second.empty() ? nullptr : named->second.front();
}

// Read from the disk's mark and from nothing else.
bool FileWorld::is_done(const Object& import) {
  const Object* disk = disk_of(import);
  return disk && !disk->filled.is_null() && disk->filled.at("importer") == import.mark.address &&
         disk->filled.at("generation") == import.mark.generation;
}

Observation FileWorld::seen(const Object& object) {
  const std::string& kind = object.address.kind;
  Observation seen{.existence = Existence::present,
                   .phase = kind == "Disk" ? "Bound" : "Ready",
                   .identity = object.id,
                   .actual = object.spec};
  if (!object.mark.inventory.empty()) seen.mark = object.mark;
  if (kind == "Disk") {
    seen.contents = object.filled.is_null() ? Contents::none : Contents::populated;
    if (!object.filled.is_null()) seen.outputs.edit()["contents"] = object.filled;
  }
  if (kind == "Import") {
    seen.phase = is_done(object) ? "Succeeded" : "ImportInProgress";
    seen.resumable = seen.phase != "Succeeded" && is_dead(object);
    seen.busy = seen.phase != "Succeeded" && !seen.resumable;
    if (seen.busy) seen.progress = 0.5;
  }
  if (object.removed) seen.phase = "Terminating";
  return seen;
}

// What time has brought: work that ended, objects that are gone.
void FileWorld::settle() {
  if (now() < quiet_until_) return;
  const int current = std::exchange(current_, 0);
  Time next = Time::max();
  std::vector<Json> lines;
  for (const auto& [id, from] : restless_) {
    if (now() < from) {
      next = std::min(next, from);
      continue;
    }
    const Object& object = objects_.at(id);
    if (object.removed) lines.push_back(Json{{"gone", id}});
    if (object.removed || is_dead(object) || is_done(object)) continue;
    if (const Object* disk = disk_of(object)) {
      Object filled = *disk;
      filled.filled = {{"importer", object.mark.address}, {"generation", object.mark.generation}};
      lines.push_back(put(filled));
    }
  }
  if (lines.empty())
    quiet_until_ = next;
  else
    commit(std::move(lines));
  current_ = current;
}

}  // namespace tenon::faults
