#include "framework/cli/options.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "framework/model/naming.h"

namespace tenon {
namespace {

const std::map<std::string, Format> kFormats = {
    {"text", Format::text}, {"json", Format::json}, {"yaml", Format::yaml},      {"name", Format::name},
    {"wide", Format::wide}, {"dot", Format::dot},   {"mermaid", Format::mermaid}};

// Without the list that CLI11 would append to the type, which names the values already.
CLI::Validator one_of(const std::vector<std::string>& values) {
  return CLI::IsMember(values).description("");
}

void add_format(CLI::App& command, Arguments& arguments, const std::vector<std::string>& names) {
  std::string choices;
  for (const std::string& name : names) choices += (choices.empty() ? "" : "|") + name;
  command
      .add_option_function<std::string>(
          "-o,--output", [&arguments](const std::string& name) { arguments.format = kFormats.at(name); },
          "Form of the output")
      ->check(one_of(names))
      ->type_name(choices);
}

void add_namespace(CLI::App& command, Arguments& arguments, const std::string& what) {
  command.add_option("-n,--namespace", arguments.name_space, what)
      ->type_name("NAME")
      ->capture_default_str()
      ->check([](const std::string& name) {
        return is_label(name) ? "" : "'" + name + "' is not a namespace: " + std::string(kLabelRule);
      });
}

void add_files(CLI::App& command, Arguments& arguments) {
  command.add_option("-f,--file", arguments.files, "Manifests: a file, a directory, or - for standard input")
      ->type_name("FILE|DIR|-")
      ->allow_extra_args(false);
  add_namespace(command, arguments, "Namespace of manifests that name none");
}

void add_common(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--config", arguments.configuration, "Instances and routes (default: tenon.yaml, if there)")
      ->type_name("FILE");
  command.add_option("--state", arguments.state, "Directory of the inventory")
      ->type_name("DIR")
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--isolation", [&arguments](const std::string& how) { arguments.isolated = how == "process"; },
          "Where plugins run: in a process each, or in this one (for debugging)")
      ->check(one_of({"process", "none"}))
      ->type_name("process|none");
}

// "500ms", "90s", "1.5m", "1h"; without a unit seconds.
std::optional<std::chrono::milliseconds> parse_duration(const std::string& text) {
  static const std::map<std::string, double> kUnits = {
      {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  const size_t end = text.find_first_not_of("0123456789.");
  const std::string number = text.substr(0, end);
  const auto unit = kUnits.find(end == std::string::npos ? "" : text.substr(end));
  if (unit == kUnits.end() || number.empty() || number.size() > 9) return std::nullopt;
  if (number == "." || std::count(number.begin(), number.end(), '.') > 1) return std::nullopt;
  return std::chrono::milliseconds(static_cast<int64_t>(std::stod(number) * unit->second));
}

void add_approvals(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--approve", arguments.approve,
                  "This populated or protected resource may be deleted, replaced or imported into")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
}

void add_lock_timeout(CLI::App& command, Arguments& arguments) {
  command
      .add_option_function<std::string>(
          "--lock-timeout",
          [&arguments](const std::string& text) { arguments.lock_timeout = *parse_duration(text); },
          "Wait this long for another run to end: 90s, 5m, or a number of seconds")
      ->type_name("DURATION")
      ->check([](const std::string& text) {
        return parse_duration(text) ? "" : "'" + text + "' is not a duration such as 90s or 5m";
      });
}

void add_asking(CLI::App& command, Arguments& arguments) {
  command.add_flag("-y,--yes", arguments.yes, "Do not ask");
  add_lock_timeout(command, arguments);
}

void add_acting(CLI::App& command, Arguments& arguments) {
  add_approvals(command, arguments);
  add_asking(command, arguments);
  command.add_option("--parallelism", arguments.parallelism, "Steps that may run at the same time")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

void add_set(CLI::App& command, Arguments& arguments, const std::string& what) {
  command.add_option("--set", arguments.set, what)->type_name("NAME")->check([](const std::string& name) {
    const bool plain =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
        std::string::npos;
    return plain && !name.empty() && name.size() <= 63
               ? ""
               : "'" + name + "' cannot name a set: letters, digits, '.', '-' and '_', at most 63 of them";
  });
}

void add_selector(CLI::App& command, Arguments& arguments) {
  command
      .add_option("-l,--selector", arguments.selector,
                  "Only what has these labels: key=value,key!=value,key,!key")
      ->type_name("SELECTOR");
}

void add_ownership(CLI::App& command, Arguments& arguments) {
  command.add_flag("--prune", arguments.prune, "Delete what is owned and no manifest declares any more");
  command.add_flag("--adopt", arguments.adopt,
                   "Take over what exists without a mark, or belongs to another set");
  add_set(command, arguments, "The set that the manifests are: --prune stays within it");
  add_selector(command, arguments);
}

void add_targets(CLI::App& command, Arguments& arguments, bool required) {
  command.add_option("TARGET", arguments.targets, "KIND, KIND/NAME, Kind.group/NAME or an address")
      ->required(required)
      ->type_name("");
  add_namespace(command, arguments, "Namespace to look in");
  command.add_flag("-A,--all-namespaces", arguments.all_namespaces, "Look in all namespaces");
}

void add_plan(CLI::App& app, Arguments& arguments) {
  CLI::App& plan = *app.add_subcommand("plan", "Show what apply would do");
  add_files(plan, arguments);
  add_ownership(plan, arguments);
  add_approvals(plan, arguments);
  add_format(plan, arguments, {"text", "json", "yaml"});
  plan.add_flag("--detailed-exitcode", arguments.detailed_exit_code, "Exit 2 when there are changes");
  plan.add_option("--out", arguments.plan_file, "Save the plan for apply")->type_name("FILE");
  add_lock_timeout(plan, arguments);
  add_common(plan, arguments);
}

void add_apply(CLI::App& app, Arguments& arguments) {
  CLI::App& apply = *app.add_subcommand("apply", "Make it so");
  add_files(apply, arguments);
  add_ownership(apply, arguments);
  CLI::Option& plan =
      *apply.add_option("PLAN", arguments.plan_file, "A plan saved by plan --out, instead of manifests");
  plan.type_name("");
  for (const char* other : {"--file", "--prune", "--adopt", "--set", "--selector"})
    plan.excludes(std::string(other));
  add_acting(apply, arguments);
  add_common(apply, arguments);
}

void add_destroy(CLI::App& app, Arguments& arguments) {
  CLI::App& destroy = *app.add_subcommand("destroy", "Delete everything that the set owns");
  add_set(destroy, arguments, "The set to destroy");
  // Taken to be refused with a reason.
  destroy.add_option("TARGET", arguments.targets)->group("");
  destroy.add_option("-n,--namespace", arguments.name_space)->group("");
  destroy.add_option("-l,--selector", arguments.selector)->group("");
  add_acting(destroy, arguments);
  add_common(destroy, arguments);
}

void add_reading(CLI::App& app, Arguments& arguments) {
  CLI::App& get = *app.add_subcommand("get", "List what is owned, and what the last run has yet to make");
  add_targets(get, arguments, false);
  add_selector(get, arguments);
  add_set(get, arguments, "Only what belongs to this set");
  add_format(get, arguments, {"text", "wide", "name", "json", "yaml"});
  add_common(get, arguments);

  CLI::App& describe = *app.add_subcommand("describe", "Tell everything about some resources");
  add_targets(describe, arguments, true);
  add_format(describe, arguments, {"text", "json", "yaml"});
  add_common(describe, arguments);
}

void add_marking(CLI::App& app, Arguments& arguments) {
  CLI::App& import = *app.add_subcommand("import", "Take over one object that exists, as it is");
  const auto add_target = [&arguments](const std::string& word) { arguments.targets.push_back(word); };
  import.add_option_function<std::string>("TARGET", add_target, "What it is to be: an address or KIND/NAME")
      ->required()
      ->type_name("");
  import
      .add_option_function<std::string>("IDENTITY", add_target,
                                        "How its backend calls it, if not by that name")
      ->type_name("");
  add_files(import, arguments);
  add_set(import, arguments, "The set that it is to belong to");
  add_asking(import, arguments);
  add_common(import, arguments);

  CLI::App& forget = *app.add_subcommand("forget", "Give something up: it stays as it is, without a mark");
  add_targets(forget, arguments, true);
  forget.add_flag("--record-only", arguments.record_only,
                  "Remove the record alone and look at nothing: the object keeps its mark");
  add_asking(forget, arguments);
  add_common(forget, arguments);

  CLI::App& mv = *app.add_subcommand("mv", "Give something another name or namespace, without touching it");
  mv.add_option("FROM TO", arguments.targets, "Two addresses, or KIND/NAME twice")
      ->required()
      ->expected(2)
      ->type_name("");
  add_namespace(mv, arguments, "Namespace of KIND/NAME");
  add_asking(mv, arguments);
  add_common(mv, arguments);

  CLI::App& rebuild =
      *app.add_subcommand("rebuild", "Find a lost inventory again by the marks of its objects");
  add_files(rebuild, arguments);
  add_set(rebuild, arguments, "The set of what is declared and does not say it itself");
  rebuild.add_option("--inventory", arguments.inventory, "Which one, where several have objects")
      ->type_name("UUID");
  add_asking(rebuild, arguments);
  add_common(rebuild, arguments);
}

void add_manifest_checks(CLI::App& app, Arguments& arguments) {
  CLI::App& graph = *app.add_subcommand("graph", "Show what requires what");
  add_files(graph, arguments);
  add_format(graph, arguments, {"text", "dot", "mermaid", "json", "yaml"});
  add_common(graph, arguments);

  CLI::App& validate = *app.add_subcommand("validate", "Check manifests without looking at the world");
  add_files(validate, arguments);
  add_format(validate, arguments, {"text", "json", "yaml"});
  add_common(validate, arguments);

  CLI::App& explain = *app.add_subcommand("explain", "Tell what a kind's fields mean");
  explain
      .add_option("FIELD", arguments.targets,
                  "KIND or KIND.field.path: vm.spec.template, DataVolume.cdi.kubevirt.io.spec")
      ->required()
      ->expected(1)
      ->type_name("");
  explain.add_flag("--recursive", arguments.recursive, "All fields below it");
  explain.add_option("--api-version", arguments.api_version, "Of this version: VERSION or GROUP/VERSION")
      ->type_name("VERSION");
  add_format(explain, arguments, {"text", "json", "yaml"});
  add_common(explain, arguments);
}

void add_looking_after(CLI::App& app, Arguments& arguments) {
  CLI::App& plugins = *app.add_subcommand("plugins", "List the plugins and the instances of them");
  plugins.add_option("INSTANCE", arguments.targets, "Only these instances")->type_name("");
  plugins.add_flag("--check", arguments.check, "Open each instance and see whether it can be reached");
  add_format(plugins, arguments, {"text", "wide", "json", "yaml"});
  add_common(plugins, arguments);

  CLI::App& doctor =
      *app.add_subcommand("doctor", "Find what is missing or wrong here, and say how to mend it");
  doctor.add_option("INSTANCE", arguments.targets, "Only these instances and their plugins")->type_name("");
  add_format(doctor, arguments, {"text", "json", "yaml"});
  add_common(doctor, arguments);

  CLI::App& completion = *app.add_subcommand("completion", "Print what makes a shell complete tenon's words");
  completion.add_option("SHELL", arguments.targets, "bash, zsh or fish")
      ->required()
      ->expected(1)
      ->check(one_of({"bash", "zsh", "fish"}))
      ->type_name("bash|zsh|fish");

  CLI::App& version = *app.add_subcommand("version", "Tell the version of Tenon and of its formats");
  add_format(version, arguments, {"text", "json", "yaml"});
}

}  // namespace

std::unique_ptr<CLI::App> make_app(Arguments& arguments) {
  auto app = std::make_unique<CLI::App>(
      "Declares volumes, disk images and virtual machines, and makes them so.", "tenon");
  app->require_subcommand(1);
  app->footer(
      "'tenon help COMMAND' tells what a command takes; docs/cli.md tells more, with all exit codes.");
  add_plan(*app, arguments);
  add_apply(*app, arguments);
  add_destroy(*app, arguments);
  add_reading(*app, arguments);
  add_marking(*app, arguments);
  add_manifest_checks(*app, arguments);
  add_looking_after(*app, arguments);
  return app;
}

}  // namespace tenon
