#include "framework/cli/text.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Text, ShortNamesMentionOnlyUnusualNamespaces) {
  EXPECT_EQ(short_name({"g", "DataVolume", "default", "a"}), "DataVolume a");
  EXPECT_EQ(short_name({"g", "DataVolume", "other", "a"}), "DataVolume other/a");
  EXPECT_EQ(short_name({"core", "PersistentVolume", "-", "a"}), "PersistentVolume a");
}

TEST(Text, PathsReadLikeTheManifest) {
  EXPECT_EQ(display_path("/pvc/resources/requests/storage"), "pvc.resources.requests.storage");
  EXPECT_EQ(display_path("/volumes/0/name"), "volumes[0].name");
  EXPECT_EQ(display_path("/labels/tenon.dev~1x"), "labels[\"tenon.dev/x\"]");
  EXPECT_EQ(display_path(""), "spec");
}

TEST(Text, ValuesAreOneLineOfBoundedWidth) {
  const auto [none, line] = display_change(nullptr, "two\nlines");
  EXPECT_EQ(none, "(none)");
  EXPECT_EQ(line, "\"two\\nlines\"");
  const auto [reference, text] =
      display_change({{"tenon.dev/ref", "g/K/default/n"}, {"path", "/x"}}, std::string(500, 'x'));
  EXPECT_EQ(reference, "(known after apply)");
  EXPECT_EQ(columns(text), 120u);
}

TEST(Text, OfTwoLongValuesTheDifferenceIsShown) {
  const std::string same(500, 'x'), rest(500, 'y');
  const auto [before, after] = display_change(same + "ä1" + rest, same + "ä2" + rest);
  EXPECT_TRUE(before.starts_with("…" + std::string(29, 'x') + "ä1yy")) << before;
  EXPECT_TRUE(after.starts_with("…" + std::string(29, 'x') + "ä2yy")) << after;
  EXPECT_EQ(columns(before), 120u);
  // Of which one byte is the same.
  EXPECT_EQ(display_change(same + "ä", same + "ö").first, "…" + std::string(30, 'x') + "ä\"");
  EXPECT_EQ(display_change("64Mi", "65Mi"), std::pair(std::string("\"64Mi\""), std::string("\"65Mi\"")));
}

TEST(Text, TablesAlignByColumnsNotBytes) {
  EXPECT_EQ(table({{"A", "B"}, {"ä", "x"}, {"long", ""}}), "A     B\nä     x\nlong\n");
}

TEST(Text, ColoursCanBeLeftOut) {
  EXPECT_EQ(Style(false).red("x"), "x");
  EXPECT_EQ(Style(true).red("x"), "\033[31mx\033[0m");
}

TEST(Text, YamlForProgramsQuotesText) {
  const OrderedJson value = {{"b", "true"}, {"a", 1}};
  EXPECT_EQ(dump(value, true), "b: \"true\"\na: 1\n");
  EXPECT_EQ(to_text({{"b", "some words"}}), "b: some words\n");
}

TEST(Text, StatesCarryProgressUntilItIsComplete) {
  Observation observation{.existence = Existence::present, .phase = "ImportInProgress"};
  observation.progress = 0.419;
  EXPECT_EQ(state_of(observation), "ImportInProgress 41 %");
  EXPECT_EQ(state_of(Observation()), "absent");
  EXPECT_EQ(state_of(unknown_observation({Code::unavailable, "it is away"})), "unknown: it is away");
}

}  // namespace
}  // namespace tenon
