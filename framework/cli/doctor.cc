#include <ostream>

#include "framework/base/secret.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
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

// One line for each check, its remedy below it.
std::string as_text(const std::vector<HealthCheck>& checks, const Style& style) {
  size_t check_width = 0, subject_width = 0;
  for (const HealthCheck& check : checks) {
    check_width = std::max(check_width, columns(check.check));
    subject_width = std::max(subject_width, columns(check.subject));
  }
  const auto padded = [](const std::string& text, size_t width) {
    return text + std::string(width - columns(text) + 2, ' ');
  };
  std::string text;
  for (const HealthCheck& check : checks) {
    text += colored(check.health, style) + std::string(9 - to_string(check.health).size(), ' ') +
            padded(check.check, check_width) + padded(check.subject, subject_width) + check.finding + "\n";
    if (!check.remedy.empty()) text += std::string(9, ' ') + "→ " + check.remedy + "\n";
  }
  return text;
}

OrderedJson as_json(const std::vector<HealthCheck>& checks) {
  OrderedJson document = {
      {"formatVersion", 1}, {"healthy", is_healthy(checks)}, {"checks", OrderedJson::array()}};
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
  const auto checks = examine(installation, arguments, env);
  if (arguments.format == Format::text)
    env.out << as_text(checks, style_of(env)) << "\n" << summary_of(checks) << "\n";
  else
    env.out << dump(as_json(checks), arguments.format == Format::yaml);
  return is_healthy(checks) ? kSuccess : kFailure;
}

}  // namespace tenon
