#include <ostream>

#include "framework/base/printable.h"
#include "framework/base/secret.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/format_version.h"
#include "framework/cli/health.h"
#include "framework/cli/session.h"
#include "framework/cli/text.h"

namespace tenon {
namespace {

std::string colored(Health health, const Style& style) {
  const std::string word(to_string(health));
  return health == Health::ok        ? style.green(word)
         : health == Health::warning ? style.yellow(word)
                                     : style.red(word);
}

// What is looked at is not known before: most of it fits.
constexpr size_t kCheckWidth = 13, kSubjectWidth = 20;

// One line, its remedy below it.
std::string as_text(const HealthCheck& check, const Style& style) {
  const auto padded = [](const std::string& text, size_t width) {
    return text + std::string(std::max(width, columns(text)) - columns(text) + 2, ' ');
  };
  std::string text = colored(check.health, style) + std::string(9 - to_string(check.health).size(), ' ') +
                     padded(check.check, kCheckWidth) + padded(printable(check.subject), kSubjectWidth) +
                     printable_lines(check.finding) + "\n";
  if (!check.remedy.empty()) text += std::string(9, ' ') + "→ " + printable_lines(check.remedy) + "\n";
  return text;
}

OrderedJson as_json(const std::vector<HealthCheck>& checks) {
  OrderedJson document = {{"formatVersion", kOutputFormatVersion},
                          {"healthy", is_healthy(checks)},
                          {"checks", OrderedJson::array()}};
  for (const HealthCheck& check : checks) {
    OrderedJson one = {{"state", to_string(check.health)},
                       {"check", check.check},
                       {"subject", check.subject},
                       {"finding", check.finding}};
    if (!check.remedy.empty()) one["remedy"] = check.remedy;
    document["checks"].push_back(std::move(one));
  }
  return document;
}

std::string summary_of(const std::vector<HealthCheck>& checks) {
  size_t errors = 0, warnings = 0;
  for (const HealthCheck& check : checks) {
    errors += check.health == Health::error;
    warnings += check.health == Health::warning;
  }
  if (errors == 0 && warnings == 0) return "Nothing is wrong.";
  return counted(errors, "error") + ", " + counted(warnings, "warning") + ".";
}

}  // namespace

int run_doctor(const Arguments& arguments, Environment& env) {
  Vault vault(random_key());
  const Installation installation = find_installation(arguments, env, nullptr, &vault);
  if (const Status known = check_instance_names(installation, arguments.targets); !known) {
    print_error(known.error(), env);
    return kFailure;
  }
  const bool text = arguments.format == Format::text;
  const auto checks = examine(installation, arguments, env, [&](const HealthCheck& check) {
    if (text) env.out << as_text(check, style_of(env)) << std::flush;
  });
  if (text)
    env.out << "\n" << summary_of(checks) << "\n";
  else
    env.out << dump(as_json(checks), arguments.format == Format::yaml);
  return is_healthy(checks) ? kSuccess : kFailure;
}

}  // namespace tenon
