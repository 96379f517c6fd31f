// The hidden command that the scripts of `completion` call: candidates for the last word, a line each, with a
// tab before what they mean. A line that begins with ":" is for the script: ":files", ":nospace". Starts no
// host and writes nothing; what cannot be found out is left out.
#include <filesystem>
#include <ostream>
#include <set>

#include "framework/cli/commands.h"
#include "framework/cli/completions.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/field_help.h"
#include "framework/cli/installation.h"
#include "framework/inventory/sqlite.h"

namespace tenon {
namespace {

using Also = Completion::Also;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string first_sentence(const std::string& text) { return text.substr(0, text.find('\n')); }

class Candidates {
 public:
  Candidates(const Completion& completion, Environment& env) : completion_(completion), env_(env) {}

  void print() {
    for (const Candidate& candidate : completion_.candidates) line(candidate.text, candidate.help);
    switch (completion_.also) {
      case Also::nothing: return;
      case Also::files: env_.out << ":files\n"; return;
      case Also::targets: print_targets(); return;
      case Also::addresses: print_addresses(); return;
      case Also::fields: print_fields(); return;
      case Also::instances: print_instances(); return;
      case Also::sets: print_sets(); return;
    }
  }

 private:
  void line(const std::string& text, const std::string& help) {
    env_.out << text << (help.empty() ? "" : "\t" + first_sentence(help)) << "\n";
  }

  // Once each.
  void offer(const std::string& text, const std::string& help = "") {
    if (text.starts_with(completion_.word) && offered_.insert(text).second)
      line(completion_.before + text, help);
  }

  Installation installation() const {
    Arguments arguments;
    arguments.configuration = completion_.configuration;
    std::error_code error;
    // Completing a word is no reason to make a state directory.
    arguments.state = std::filesystem::exists(completion_.state, error) ? completion_.state : "";
    return find_installation(arguments, env_);
  }

  std::vector<Owned> owned() const {
    const auto inventory = open_inventory(completion_.state + "/inventory.db", OpenMode::read);
    return inventory ? (*inventory)->owned().value_or({}) : std::vector<Owned>();
  }

  void print_targets() {
    const Installation installed = installation();
    const Catalog& catalog = installed.catalog();
    const size_t slash = completion_.word.find('/');
    const std::string typed = completion_.word.substr(0, slash);
    if (slash == std::string::npos)
      for (const Instance& instance : catalog.instances())
        for (const KindManifest& kind : instance.manifest->kinds)
          offer(lower(kind.name.kind), kind.name.group);
    for (const Owned& row : owned()) {
      const Address& address = row.address;
      const bool here = address.name_space == "-" || address.name_space == completion_.name_space;
      if (here) offer(address.kind + "/" + address.name);
      for (const KindName& kind : catalog.resolve_kind(typed))
        if (here && slash != std::string::npos && kind == address.kind_name())
          offer(typed + "/" + address.name);
      if (slash != std::string::npos) offer(to_string(address));
    }
  }

  void print_addresses() {
    for (const Owned& row : owned()) {
      offer(to_string(row.address));
      offer(row.address.kind + "/" + row.address.name);
    }
  }

  void print_fields() {
    const Installation installed = installation();
    const Catalog& catalog = installed.catalog();
    env_.out << ":nospace\n";
    const size_t dot = completion_.word.rfind('.');
    const auto path = dot == std::string::npos
                          ? Result<FieldPath>(Error{})
                          : parse_field_path(catalog, std::string_view(completion_.word).substr(0, dot));
    if (!path) {
      for (const KindName& kind : catalog.kinds()) {
        offer(lower(kind.kind), kind.group);
        offer(kind.kind, kind.group);
      }
      return;
    }
    const auto field = find_field(catalog, *path->kind, object_schema(*path->kind), path->fields);
    if (!field) return;
    const std::string above = completion_.word.substr(0, dot + 1);
    for (const auto& [name, child] : fields_of(catalog, *field))
      offer(above + name, child.schema.description);
  }

  void print_instances() {
    for (const InstanceConfiguration& instance : installation().configuration.instances)
      offer(instance.name, std::filesystem::path(instance.plugin).stem());
  }

  void print_sets() {
    for (const Owned& row : owned())
      if (!row.set.empty()) offer(row.set);
  }

  const Completion& completion_;
  Environment& env_;
  std::set<std::string> offered_;
};

}  // namespace

int run_complete_word(const Arguments& arguments, Environment& env) {
  const Completion completion = complete_words(describe_commands(), arguments.targets);
  Candidates(completion, env).print();
  return kSuccess;
}

}  // namespace tenon
