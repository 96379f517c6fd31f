#include "framework/load/yaml.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>

#include "framework/load/builder.h"
#include "framework/load/events.h"
#include "framework/load/plain.h"
#include "framework/load/strict_json.h"
#include "framework/load/surveyor.h"

namespace tenon {
namespace {

// yaml-cpp keeps a whole flow collection in memory before its first event, with some 230 bytes for each of
// its signs.
constexpr std::ptrdiff_t kMaximumFlowSigns = 250000;

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

// What yaml-cpp says, without the text that it quotes: that may be a secret.
std::string without_quote(const std::string& message) {
  for (const char* quoting : {"the referenced anchor is not defined", "unknown escape character",
                              "invalid unicode", "bad YAML version"})
    if (message.starts_with(quoting)) return quoting;
  return message;
}

YamlProblem translate(std::string_view text, const YAML::Exception& wrong) {
  const Place place = place_of(wrong.mark.is_null() ? YAML::Mark() : wrong.mark);
  for (int line : {place.line - 1, place.line - 2})
    if (line >= 0 && is_indented_by_tab(line_of(text, line)))
      return {{line + 1, 1 + static_cast<int>(line_of(text, line).find('\t'))},
              "a tab is used as indentation",
              "YAML allows only spaces there",
              {}};
  return {place, without_quote(wrong.msg), advice(wrong.msg), {}};
}

// Whether the document is in JSON's style, where tabs may indent.
bool is_flow(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

// What yaml-cpp makes of it says nothing to who wrote JSON.
std::optional<YamlProblem> problem_of_json(std::string_view text) {
  const auto offset = is_flow(text) ? find_unclosed(text) : std::nullopt;
  if (!offset) return {};
  const bool map = text[*offset] == '{';
  return YamlProblem{
      place_at(text, *offset),
      map ? "this { is never closed" : "this [ is never closed",
      map ? "a } is missing, or the end of the file" : "a ] is missing, or the end of the file",
      {}};
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
void run_yaml_cpp(std::string_view text, YAML::EventHandler& handler) {
  const auto is_flow_sign = [](char c) { return c == '[' || c == '{' || c == ','; };
  if (std::count_if(text.begin(), text.end(), is_flow_sign) > kMaximumFlowSigns)
    refuse({}, "the document has more than " + std::to_string(kMaximumFlowSigns) + " of the signs [ { and ,",
           "write it as JSON, or with a line for each element");
  std::string copy;
  if (is_flow(text) && text.find('\t') != std::string_view::npos) text = copy = without_leading_tabs(text);
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(handler)) continue;
}

// What a plain document has; nothing: yaml-cpp is to judge it.
std::optional<Json> parse_plain(std::string_view text, std::vector<YamlProblem>& problems,
                                DocumentCost& cost) {
  Builder builder(text, problems);
  std::optional<Json> value;
  try {
    if (scan_plain(text, builder)) value = builder.take();
  } catch (const Refused&) {
  }
  cost = builder.cost();
  return value;
}

std::optional<Json> parse_with_yaml_cpp(std::string_view text, std::vector<YamlProblem>& problems,
                                        DocumentCost& cost) {
  const size_t before = problems.size();
  Builder builder(text, problems);
  std::optional<Json> value;
  try {
    run_yaml_cpp(text, builder);
    if (problems.size() == before) value = builder.take();
  } catch (const Refused& refused) {
    problems.push_back(refused.problem);
  } catch (const YAML::Exception& wrong) {
    problems.push_back(translate(text, wrong));
  }
  cost = builder.cost();
  return value;
}

}  // namespace

Place place_at(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t newline = before.rfind('\n');
  return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          static_cast<int>(newline == std::string_view::npos ? offset + 1 : offset - newline)};
}

std::optional<Json> parse_yaml(std::string_view text, std::vector<YamlProblem>& problems,
                               DocumentCost* wanted) {
  DocumentCost unwanted;
  DocumentCost& cost = wanted ? *wanted : unwanted;
  if (is_flow(text))
    if (std::optional<Json> value = parse_strict_json(text, cost.values)) return value;
  const size_t before = problems.size();
  std::optional<Json> plain = parse_plain(text, problems, cost);
  if (plain && problems.size() == before) return plain;
  if (plain) return {};
  problems.resize(before);
  if (std::optional<Json> value = parse_with_yaml_cpp(text, problems, cost)) return value;
  if (const auto unclosed = problem_of_json(text)) {
    problems.resize(before);
    problems.push_back(*unclosed);
  }
  return {};
}

PlaceMap find_places(std::string_view text, std::optional<std::string_view> wanted) {
  Surveyor plain(wanted), surveyor(wanted);
  try {
    if (scan_plain(text, plain)) return plain.take();
    run_yaml_cpp(text, surveyor);
  } catch (const Refused&) {
  } catch (const YAML::Exception&) {
  }
  return surveyor.take();
}

}  // namespace tenon
