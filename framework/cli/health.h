// What `doctor` looks at, and what is to be done about it. Changes nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/cli/plugin_facts.h"

namespace tenon {

enum class Health { ok, warning, error };
std::string_view to_string(Health health);

struct HealthCheck {
  Health health = Health::ok;
  std::string check;    // "library": one of a few words
  std::string subject;  // "libvirt.so.0"
  std::string finding;  // one line
  std::string remedy;   // what to do; empty: nothing
};

// Installation, configuration, state directory, then each plugin with what it needs, then each instance.
// told: called with each check as soon as it is known.
std::vector<HealthCheck> examine(const Installation& installation, const Arguments& arguments,
                                 const Environment& env, const std::function<void(const HealthCheck&)>& told);

bool is_healthy(const std::vector<HealthCheck>& checks);  // no error

// The name that Debian's policy gives the package of a shared library: "libvirt0" of "libvirt.so.0". "": it
// is named otherwise.
std::string debian_package_of(std::string_view library);

}  // namespace tenon
