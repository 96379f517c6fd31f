#include "framework/load/builder.h"

#include "framework/load/events.h"
#include "framework/load/scalar.h"
#include "framework/model/json_reader.h"

namespace tenon {
namespace {

// What anchors and aliases of a document may copy; kValueCharge for every value.
constexpr size_t kMaximumExpansion = size_t{16} << 20;
constexpr size_t kValueCharge = 32;
constexpr size_t kMaximumProblems = 10000;

const std::string kMergeKey = "<<";

// No message quotes a value: nobody knows yet which of them are secrets.
constexpr char kNotAsTagged[] = "the value is not what its tag says";

enum class Tag { none, quoted, text, null, boolean, integer, number, map, list };

Tag parse_tag(const YAML::Mark& mark, const std::string& tag) {
  if (tag.empty() || tag == "?") return Tag::none;
  if (tag == "!") return Tag::quoted;
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  static constexpr std::pair<std::string_view, Tag> kTags[] = {
      {"str", Tag::text},     {"null", Tag::null}, {"bool", Tag::boolean}, {"int", Tag::integer},
      {"float", Tag::number}, {"map", Tag::map},   {"seq", Tag::list}};
  if (std::string_view(tag).starts_with(kCore))
    for (const auto& [name, value] : kTags)
      if (std::string_view(tag).substr(kCore.size()) == name) return value;
  refuse(
      mark, "this tag is not supported",
      "supported are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq; a text that starts with ! needs "
      "quotes");
}

bool fits(Tag tag, const Json& value) {
  switch (tag) {
    case Tag::null: return value.is_null();
    case Tag::boolean: return value.is_boolean();
    case Tag::integer: return value.is_number_integer();
    case Tag::number: return value.is_number();
    default: return true;
  }
}

Json scalar_value(const YAML::Mark& mark, const std::string& tag_text, const std::string& text) {
  if (tag_text == "!") return text;
  const Tag tag = parse_tag(mark, tag_text);
  if (tag == Tag::text) return text;
  if (tag == Tag::map || tag == Tag::list) refuse(mark, kNotAsTagged);
  Result<Json> value = resolve_plain(text);
  if (!value) refuse(mark, value.error().message);
  if (tag == Tag::number && value->is_number()) return value->get<double>();
  if (!fits(tag, *value)) refuse(mark, kNotAsTagged);
  return *std::move(value);
}

void check_tag(const YAML::Mark& mark, const std::string& text, Tag wanted, const char* what) {
  const Tag tag = parse_tag(mark, text);
  if (tag != Tag::none && tag != Tag::quoted && tag != wanted)
    refuse(mark, std::string("the tag of ") + what + " says that it is something else");
}

}  // namespace

void Builder::OnDocumentStart(const YAML::Mark& mark) {
  if (started_)
    refuse(mark, "unexpected content after the end of the document", "start a new document with ---");
  started_ = true;
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (wants_key()) refuse(mark, "a key is missing before ':'");
  value(mark, Json(), anchor, 0);
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& text) {
  if (wants_key()) {
    if (anchor) anchors_[anchor] = {Json(text), kValueCharge + text.size()};
    return key(mark, tag, text);
  }
  value(mark, scalar_value(mark, tag, text), anchor, text.size());
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) refuse(mark, "an alias stands inside of what it is an alias of");
  const auto& [copy, weight] = found->second;
  charge(mark, weight);
  if (wants_key()) {
    if (!copy.is_string()) refuse(mark, "a key must be a text");
    return key(mark, "!", copy.get_ref<const std::string&>());
  }
  Json* target = slot();
  *target = copy;
  weight_ += weight;
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value) {
  check_tag(mark, tag, Tag::list, "a list");
  open(mark, Json::array(), anchor);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) {
  check_tag(mark, tag, Tag::map, "a map");
  open(mark, Json::object(), anchor);
}
void Builder::OnMapEnd() {
  merge(stack_.back());
  close();
}

bool Builder::wants_key() const {
  return !stack_.empty() && stack_.back().value->is_object() && !stack_.back().slot;
}

// Where the next value belongs.
Json* Builder::slot() {
  if (stack_.empty()) return &root_;
  Frame& frame = stack_.back();
  if (frame.value->is_array()) return &frame.value->get_ref<Json::array_t&>().emplace_back();
  return std::exchange(frame.slot, nullptr);
}

void Builder::value(const YAML::Mark& mark, Json value, YAML::anchor_t anchor, size_t size) {
  count(mark);
  Json* target = slot();
  *target = std::move(value);
  weight_ += kValueCharge + size;
  if (anchor) keep(mark, anchor, *target, kValueCharge + size);
}

void Builder::key(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
  if (text.size() > kMaximumKey)
    refuse(mark, "a key is longer than " + std::to_string(kMaximumKey) + " bytes");
  Frame& frame = stack_.back();
  weight_ += text.size();
  if (text == kMergeKey && tag == "?") return merge_key(mark);
  const auto [member, is_new] = frame.value->get_ref<Json::object_t&>().try_emplace(text);
  frame.key = &member->first;
  frame.slot = &member->second;
  if (!is_new) duplicate(mark, text);
}

void Builder::merge_key(const YAML::Mark& mark) {
  Frame& frame = stack_.back();
  frame.key = &kMergeKey;
  if (frame.merged) return duplicate(mark, kMergeKey);
  frame.merged = std::make_unique<Json>();
  frame.merge_mark = mark;
  frame.slot = frame.merged.get();
}

void Builder::duplicate(const YAML::Mark& mark, const std::string& text) {
  if (problems_.size() >= kMaximumProblems)
    refuse(mark, "the document has more than " + std::to_string(kMaximumProblems) + " problems");
  if (!places_) places_ = find_places(text_);
  const auto first = places_->find(pointer());
  problems_.push_back({place_of(mark), "the key '" + text + "' is there twice", "", {}});
  if (first != places_->end()) problems_.back().first = first->second.key;
  Frame& frame = stack_.back();
  frame.discarded = std::make_unique<Json>();
  frame.slot = frame.discarded.get();
}

// Of the value that the last key or element belongs to.
std::string Builder::pointer() const {
  std::string text;
  for (const Frame& frame : stack_)
    text += "/" + (frame.value->is_array() ? std::to_string(frame.value->size() - 1)
                   : frame.key             ? escape_pointer_token(*frame.key)
                                           : "");
  return text;
}

void Builder::open(const YAML::Mark& mark, Json empty, YAML::anchor_t anchor) {
  if (wants_key())
    refuse(mark, "a key must be a text, not a list or a map", "a text that starts with { or [ needs quotes");
  if (stack_.size() >= kMaximumDepth)
    refuse(mark, "lists and maps are nested deeper than " + std::to_string(kMaximumDepth));
  count(mark);
  Json* target = slot();
  *target = std::move(empty);
  stack_.push_back({target, anchor, mark, weight_, nullptr, nullptr, nullptr, {}, nullptr});
  weight_ += kValueCharge;
}

void Builder::close() {
  const Frame frame = std::move(stack_.back());
  stack_.pop_back();
  if (frame.anchor) keep(frame.mark, frame.anchor, *frame.value, weight_ - frame.weight);
}

void Builder::keep(const YAML::Mark& mark, YAML::anchor_t anchor, const Json& value, size_t weight) {
  charge(mark, weight);
  anchors_[anchor] = {value, weight};
}

void Builder::count(const YAML::Mark& mark) {
  if (++cost_.values > kMaximumValues)
    refuse(mark, "the document has more than " + std::to_string(kMaximumValues) + " values");
}

void Builder::charge(const YAML::Mark& mark, size_t weight) {
  cost_.expansion += weight;
  if (cost_.expansion > kMaximumExpansion) refuse(mark, "aliases expand to more than 16 MiB");
}

// The map's own keys win over merged ones, and earlier merged ones over later.
void Builder::merge(Frame& frame) {
  if (!frame.merged) return;
  Json::object_t& object = frame.value->get_ref<Json::object_t&>();
  const auto add = [&](Json& source) {
    if (!source.is_object()) refuse(frame.merge_mark, "'<<' needs a map or a list of maps");
    object.merge(source.get_ref<Json::object_t&>());
  };
  if (!frame.merged->is_array()) return add(*frame.merged);
  for (Json& source : *frame.merged) add(source);
}

}  // namespace tenon
