#include "framework/load/surveyor.h"

#include "framework/load/events.h"
#include "framework/model/json_reader.h"

namespace tenon {
namespace {

// What all pointers of a document may take together: each repeats those above it.
constexpr size_t kMaximumPointers = size_t{32} << 20;

bool is_at_or_above(std::string_view pointer, std::string_view wanted) {
  return wanted.starts_with(pointer) && (wanted.size() == pointer.size() || wanted[pointer.size()] == '/');
}

}  // namespace

void Surveyor::leaf(const YAML::Mark& mark, const std::string& text) {
  if (stack_.empty() || !stack_.back().is_map || stack_.back().has_key) {
    note(mark);
    return;
  }
  Frame& frame = stack_.back();
  if (frame.pointer) frame.key = text;
  frame.key_place = place_of(mark);
  frame.has_key = true;
}

std::optional<std::string> Surveyor::note(const YAML::Mark& mark) {
  const Place place = place_of(mark);
  if (stack_.empty()) return keep("", {place, place});
  Frame& frame = stack_.back();
  frame.has_key = false;
  if (!frame.pointer) return std::nullopt;
  const std::string token = frame.is_map ? escape_pointer_token(frame.key) : std::to_string(frame.index++);
  return keep(*frame.pointer + "/" + token, {frame.is_map ? frame.key_place : place, place});
}

std::optional<std::string> Surveyor::keep(std::string pointer, const NodePlaces& places) {
  if (wanted_ && !is_at_or_above(pointer, *wanted_)) return std::nullopt;
  total_ += pointer.size();
  if (total_ > kMaximumPointers) throw Refused{};
  places_.try_emplace(pointer, places);
  return pointer;
}

void Surveyor::open(const YAML::Mark& mark, bool is_map) {
  if (stack_.size() >= kMaximumDepth) refuse(mark, "too deep");
  stack_.push_back({note(mark), is_map, false, 0, "", {}});
}

}  // namespace tenon
