#include "framework/base/diagnostics.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Diagnostics, SayPlaceSeveritySummaryAddressAndDetail) {
  EXPECT_EQ(to_string(Diagnostic{Severity::error,
                                 "unknown field 'siez'",
                                 "did you mean 'size'?\nFields: size",
                                 "a/B/c/d",
                                 {"vm.yaml", 3, 7}}),
            "vm.yaml:3:7: error: unknown field 'siez' (a/B/c/d)\n  did you mean 'size'?\n  Fields: size");
}

TEST(Diagnostics, WithoutPlaceStartWithTheSeverity) {
  EXPECT_EQ(to_string(Diagnostic{Severity::warning, "odd"}), "warning: odd");
}

TEST(NearestName, FindsTheTypoAndRefusesTheStranger) {
  const std::vector<std::string> names = {"source", "storage", "running"};
  EXPECT_EQ(nearest_name("soruce", names), "source");
  EXPECT_EQ(nearest_name("Storage", names), "storage");
  EXPECT_EQ(nearest_name("siez", {"size", "name"}), "size");
  EXPECT_EQ(nearest_name("volumes", names), "");
}

}  // namespace
}  // namespace tenon
