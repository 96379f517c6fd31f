// Small pieces of text that several commands print. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/base/durations.h"
#include "framework/base/json.h"
#include "framework/base/yaml_text.h"
#include "framework/model/address.h"
#include "framework/model/observation.h"

namespace tenon {

// Colours, or none.
class Style {
 public:
  explicit Style(bool colours) : colours_(colours) {}

  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string cyan(std::string_view text) const { return paint("36", text); }
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;

  bool colours_;
};

// "DataVolume example-dv"; "DataVolume other/example-dv" outside the namespace default.
std::string short_name(const Address& address);

// "pvc.resources.requests.storage", "volumes[0].name" for the pointers "/pvc/..." and "/volumes/0/name".
std::string display_path(std::string_view pointer);

// The two sides of a change, each on one line: JSON, cut after 120 columns, and where both are the same
// first;
// "(none)" for null, "(known after apply)" for a value reference.
std::pair<std::string, std::string> display_change(const Json& before, const Json& after);

// "41 %"
std::string percent(double progress);

// "ImportInProgress 41 %", "absent", "unknown: why".
std::string state_of(const Observation& observation);

// Columns padded to their widest cell, two blanks between them, none at the end of a line. The first row is
// the header.
std::string table(const std::vector<std::vector<std::string>>& rows);

// Width in columns, counting a UTF-8 character as one.
size_t columns(std::string_view text);

// "1 await", "2 awaits"
std::string counted(size_t count, std::string_view noun);

// For people: YAML's block style, text without quotes where it can.
std::string to_text(const OrderedJson& value);

// For programs: indented JSON, or YAML in which text is always quoted. Both end in a newline.
std::string dump(const OrderedJson& value, bool yaml);

}  // namespace tenon
