#include "framework/load/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cmath>
#include <istream>
#include <memory>
#include <streambuf>

#include "framework/load/scalar.h"
#include "framework/model/json_reader.h"

namespace tenon {
namespace {

// What anchors and aliases may copy, in bytes of text plus a charge for every value.
constexpr size_t kMaximumExpansion = size_t{16} << 20;
constexpr size_t kValueCharge = 32;

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Ends the parse from within a handler.
struct Refused {
  YamlProblem problem;
};

[[noreturn]] void refuse(const YAML::Mark& mark, std::string summary, std::string detail = "") {
  throw Refused{{place_of(mark), std::move(summary), std::move(detail), {}}};
}

// Gives yaml-cpp a text without copying it, and an empty comment as its last line: a quoted scalar that is
// never closed would otherwise be taken for whole when the text ends with its line.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) : sentinel_(text.ends_with('\n')) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }

 protected:
  int_type underflow() override {
    if (!std::exchange(sentinel_, false)) return traits_type::eof();
    setg(&comment_, &comment_, &comment_ + 1);
    return traits_type::to_int_type(comment_);
  }

 private:
  bool sentinel_;
  char comment_ = '#';
};

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
  refuse(mark, "the tag '" + tag + "' is not supported",
         "supported are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq");
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
  if (tag == Tag::map || tag == Tag::list) refuse(mark, "'" + text + "' is not what its tag says");
  Result<Json> value = resolve_plain(text);
  if (!value) refuse(mark, value.error().message);
  if (tag == Tag::number && value->is_number()) return value->get<double>();
  if (!fits(tag, *value)) refuse(mark, "'" + text + "' is not what its tag says");
  return *std::move(value);
}

// Builds the value in place.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, std::vector<YamlProblem>& problems) : text_(text), problems_(problems) {}

  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_)
      refuse(mark, "unexpected content after the end of the document", "start a new document with ---");
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (wants_key()) refuse(mark, "a key is missing before ':'");
    value(mark, Json(), anchor, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (wants_key()) {
      if (anchor) anchors_[anchor] = {Json(text), kValueCharge + text.size()};
      return key(mark, tag, text);
    }
    value(mark, scalar_value(mark, tag, text), anchor, text.size());
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias stands inside of what it is an alias of");
    const auto& [copy, weight] = found->second;
    if (wants_key()) {
      if (!copy.is_string()) refuse(mark, "a key must be a text");
      return key(mark, "!", copy.get_ref<const std::string&>());
    }
    charge(mark, weight);
    Json* target = slot();
    *target = copy;
    weight_ += weight;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag, Tag::list, "a list");
    open(mark, Json::array(), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag, Tag::map, "a map");
    open(mark, Json::object(), anchor);
  }
  void OnMapEnd() override {
    merge(stack_.back());
    close();
  }

 private:
  struct Frame {
    Json* value;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    size_t weight;                     // when it was opened
    const std::string* key = nullptr;  // the last
    Json* slot = nullptr;              // for the value of the key
    std::unique_ptr<Json> merged;      // the value of <<
    YAML::Mark merge_mark;
    std::unique_ptr<Json> discarded;  // the value of a key that is there twice
  };

  static const inline std::string kMergeKey = "<<";

  struct Anchor {
    Json value;
    size_t weight;
  };

  bool wants_key() const {
    return !stack_.empty() && stack_.back().value->is_object() && !stack_.back().slot;
  }

  // Where the next value belongs.
  Json* slot() {
    if (stack_.empty()) return &root_;
    Frame& frame = stack_.back();
    if (frame.value->is_array()) return &frame.value->get_ref<Json::array_t&>().emplace_back();
    return std::exchange(frame.slot, nullptr);
  }

  void value(const YAML::Mark& mark, Json value, YAML::anchor_t anchor, size_t size) {
    Json* target = slot();
    *target = std::move(value);
    weight_ += kValueCharge + size;
    if (anchor) keep(mark, anchor, *target, kValueCharge + size);
  }

  void key(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
    Frame& frame = stack_.back();
    weight_ += text.size();
    if (text == kMergeKey && tag == "?") return merge_key(mark);
    const auto [member, is_new] = frame.value->get_ref<Json::object_t&>().try_emplace(text);
    frame.key = &member->first;
    frame.slot = &member->second;
    if (!is_new) duplicate(mark, text);
  }

  void merge_key(const YAML::Mark& mark) {
    Frame& frame = stack_.back();
    frame.key = &kMergeKey;
    if (frame.merged) return duplicate(mark, kMergeKey);
    frame.merged = std::make_unique<Json>();
    frame.merge_mark = mark;
    frame.slot = frame.merged.get();
  }

  void duplicate(const YAML::Mark& mark, const std::string& text) {
    if (!places_) places_ = find_places(text_);
    const auto first = places_->find(pointer());
    problems_.push_back({place_of(mark), "the key '" + text + "' is there twice", "", {}});
    if (first != places_->end()) problems_.back().first = first->second.key;
    Frame& frame = stack_.back();
    frame.discarded = std::make_unique<Json>();
    frame.slot = frame.discarded.get();
  }

  // Of the value that the last key or element belongs to.
  std::string pointer() const {
    std::string text;
    for (const Frame& frame : stack_)
      text += "/" + (frame.value->is_array() ? std::to_string(frame.value->size() - 1)
                     : frame.key             ? escape_pointer_token(*frame.key)
                                             : "");
    return text;
  }

  void check_tag(const YAML::Mark& mark, const std::string& text, Tag wanted, const char* what) {
    const Tag tag = parse_tag(mark, text);
    if (tag != Tag::none && tag != Tag::quoted && tag != wanted)
      refuse(mark, std::string("the tag of ") + what + " says that it is something else");
  }

  void open(const YAML::Mark& mark, Json empty, YAML::anchor_t anchor) {
    if (wants_key())
      refuse(mark, "a key must be a text, not a list or a map",
             "a text that starts with { or [ needs quotes");
    if (stack_.size() >= kMaximumDepth)
      refuse(mark, "lists and maps are nested deeper than " + std::to_string(kMaximumDepth));
    Json* target = slot();
    *target = std::move(empty);
    stack_.push_back({target, anchor, mark, weight_, nullptr, nullptr, nullptr, {}, nullptr});
    weight_ += kValueCharge;
  }

  void close() {
    const Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (frame.anchor) keep(frame.mark, frame.anchor, *frame.value, weight_ - frame.weight);
  }

  void keep(const YAML::Mark& mark, YAML::anchor_t anchor, const Json& value, size_t weight) {
    charge(mark, weight);
    anchors_[anchor] = {value, weight};
  }

  void charge(const YAML::Mark& mark, size_t weight) {
    expansion_ += weight;
    if (expansion_ > kMaximumExpansion) refuse(mark, "aliases expand to more than 16 MiB");
  }

  // The map's own keys win over merged ones, and earlier merged ones over later.
  void merge(Frame& frame) {
    if (!frame.merged) return;
    Json::object_t& object = frame.value->get_ref<Json::object_t&>();
    const auto add = [&](Json& source) {
      if (!source.is_object()) refuse(frame.merge_mark, "'<<' needs a map or a list of maps");
      object.merge(source.get_ref<Json::object_t&>());
    };
    if (!frame.merged->is_array()) return add(*frame.merged);
    for (Json& source : *frame.merged) add(source);
  }

  std::string_view text_;
  std::vector<YamlProblem>& problems_;
  Json root_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  std::optional<PlaceMap> places_;
  size_t weight_ = 0;
  size_t expansion_ = 0;
  bool started_ = false;
};

// Notes where everything stands.
class Surveyor : public YAML::EventHandler {
 public:
  PlaceMap take() { return std::move(places_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { leaf(mark, ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { leaf(mark, "*"); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& text) override {
    leaf(mark, text);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, false);
  }
  void OnSequenceEnd() override { stack_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, true);
  }
  void OnMapEnd() override { stack_.pop_back(); }

 private:
  struct Frame {
    std::string pointer;
    bool is_map;
    bool has_key = false;
    size_t index = 0;
    std::string key;
    Place key_place;
  };

  void leaf(const YAML::Mark& mark, const std::string& text) {
    if (!stack_.empty() && stack_.back().is_map && !stack_.back().has_key) {
      stack_.back().key = stack_.back().pointer + "/" + escape_pointer_token(text);
      stack_.back().key_place = place_of(mark);
      stack_.back().has_key = true;
    } else {
      note(mark);
    }
  }

  std::string note(const YAML::Mark& mark) {
    const Place place = place_of(mark);
    if (stack_.empty()) {
      places_.try_emplace("", NodePlaces{place, place});
      return "";
    }
    Frame& frame = stack_.back();
    std::string pointer = frame.is_map ? frame.key : frame.pointer + "/" + std::to_string(frame.index++);
    places_.try_emplace(pointer, NodePlaces{frame.is_map ? frame.key_place : place, place});
    frame.has_key = false;
    return pointer;
  }

  void open(const YAML::Mark& mark, bool is_map) {
    if (stack_.size() >= kMaximumDepth) refuse(mark, "too deep");
    stack_.push_back({note(mark), is_map, false, 0, "", {}});
  }

  PlaceMap places_;
  std::vector<Frame> stack_;
};

std::string_view line_of(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

bool is_indented_by_tab(std::string_view line) {
  const size_t content = std::min(line.find_first_not_of(" \t\r"), line.size());
  return content < line.size() && line.substr(0, content).find('\t') != std::string_view::npos;
}

// yaml-cpp's words for the commonest mistakes, and what to do about them.
std::string advice(const std::string& message) {
  const auto says = [&](const char* text) { return message.find(text) != std::string::npos; };
  if (says("illegal map value"))
    return "a text with ': ' in it needs quotes; or the line is indented wrongly";
  if (says("end of map not found") || says("end of sequence not found"))
    return "this line is indented differently from the lines it belongs to";
  if (says("flow not found")) return "a closing } or ] is missing";
  if (says("illegal EOF in scalar")) return "a closing quote is missing";
  if (says("unknown escape character"))
    return "in double quotes a backslash is written twice; single quotes take it as it is";
  if (says("referenced anchor"))
    return "an alias *name needs an anchor &name before it; a text that starts with * needs quotes";
  if (says("unknown token") || says("alias not found") || says("anchor not found"))
    return "a text that starts with one of @ ` % & * needs quotes";
  return "";
}

YamlProblem translate(std::string_view text, const YAML::Exception& wrong) {
  const Place place = place_of(wrong.mark.is_null() ? YAML::Mark() : wrong.mark);
  for (int line : {place.line - 1, place.line - 2})
    if (line >= 0 && is_indented_by_tab(line_of(text, line)))
      return {{line + 1, 1 + static_cast<int>(line_of(text, line).find('\t'))},
              "a tab is used as indentation",
              "YAML allows only spaces there",
              {}};
  return {place, wrong.msg, advice(wrong.msg), {}};
}

// Whether the document is in JSON's style, where tabs may indent.
bool is_flow(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

// yaml-cpp refuses tabs as indentation everywhere.
std::string without_leading_tabs(std::string_view text) {
  std::string result(text);
  bool leading = true;
  for (char& c : result) {
    if (c == '\t' && leading) c = ' ';
    leading = c == '\n' || (leading && c == ' ');
  }
  return result;
}

// One event handler for one document; a second one in the same text is an error of the handler.
void run(std::string_view text, YAML::EventHandler& handler) {
  std::string copy;
  if (is_flow(text) && text.find('\t') != std::string_view::npos) text = copy = without_leading_tabs(text);
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(handler)) continue;
}

// Whether reading the number as a double may have lost digits of a whole number.
bool may_have_lost_digits(const Json& value) {
  constexpr double kExact = 9007199254740992.0;
  return value.is_number_float() && std::abs(value.get<double>()) > kExact;
}

// Strict JSON, which is faster than YAML and exact about escapes. Nothing: let YAML judge it, and say where
// it is wrong.
std::optional<Json> parse_json(std::string_view text) {
  std::vector<std::vector<std::string>> keys;
  bool acceptable = true;
  const Json::parser_callback_t watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      keys.emplace_back();
      acceptable = acceptable && keys.size() <= kMaximumDepth;
    } else if (event == Json::parse_event_t::key) {
      keys.back().push_back(parsed.get<std::string>());
    } else if (event == Json::parse_event_t::object_end || event == Json::parse_event_t::array_end) {
      std::vector<std::string>& names = keys.back();
      std::sort(names.begin(), names.end());
      acceptable = acceptable && std::adjacent_find(names.begin(), names.end()) == names.end();
      keys.pop_back();
    } else if (event == Json::parse_event_t::value) {
      acceptable = acceptable && !may_have_lost_digits(parsed);
    }
    return acceptable;
  };
  Json value = Json::parse(text, watch, false);
  if (!acceptable || value.is_discarded()) return {};
  return value;
}

}  // namespace

std::optional<Json> parse_yaml(std::string_view text, std::vector<YamlProblem>& problems) {
  if (is_flow(text))
    if (std::optional<Json> value = parse_json(text)) return value;
  const size_t before = problems.size();
  try {
    Builder builder(text, problems);
    run(text, builder);
    if (problems.size() == before) return builder.take();
  } catch (const Refused& refused) {
    problems.push_back(refused.problem);
  } catch (const YAML::Exception& wrong) {
    problems.push_back(translate(text, wrong));
  }
  return {};
}

PlaceMap find_places(std::string_view text) {
  Surveyor surveyor;
  try {
    run(text, surveyor);
  } catch (const Refused&) {
  } catch (const YAML::Exception&) {
  }
  return surveyor.take();
}

}  // namespace tenon
