#include "framework/engine/places.h"

#include <gtest/gtest.h>

#include "framework/backend/fake.h"
#include "framework/inventory/memory.h"

namespace tenon {
namespace {

Schema schema(const char* text) { return *parse_schema(Json::parse(text)); }

Owned row(const std::string& name, const std::string& instance) {
  return {.address = {"test", "Disk", "ns", name}, .instance = instance};
}

class Recorded : public testing::Test {
 protected:
  // What is said about the instance while it owns a row and looks at `now`; "": nothing.
  std::string said(const Json& now) {
    const auto moved = moved_instances(inventory_, {{"lv", now}});
    EXPECT_TRUE(moved);
    return moved->contains("lv") ? moved->at("lv").message : "";
  }
  void own(const std::string& instance) { ASSERT_TRUE(inventory_.commit({PutOwned{row("d", instance)}})); }
  void record(const Places& places) { ASSERT_TRUE(inventory_.commit({PutPlaces{places}})); }

  MemoryInventory inventory_;
};

TEST(PlaceOf, IsWhatIsMarkedWhetherSetOrNot) {
  const Schema marked = schema(R"({"type": "object", "properties": {
    "uri": {"type": "string", "x-place": true},
    "pool": {"type": "string", "x-place": true},
    "type": {"type": "string"},
    "server": {"type": "object", "properties": {"a/b": {"type": "integer", "x-place": true}}}}})");
  EXPECT_EQ(place_of(marked, {{"uri", "qemu:///a"}, {"type", "kvm"}, {"server", {{"a/b", 1}}}}),
            Json({{"/uri", "qemu:///a"}, {"/pool", nullptr}, {"/server/a~1b", 1}}));
  EXPECT_EQ(place_of(schema(R"({"type": "object"})"), Json::object()), Json::object());
}

TEST_F(Recorded, AnotherPlaceIsSaidWithBothAndWhatToDo) {
  own("lv");
  record({{"lv", {{"/uri", "qemu:///a"}, {"/pool", nullptr}}}});
  EXPECT_EQ(
      said({{"/uri", "qemu:///b"}, {"/pool", nullptr}}),
      "instance 'lv' looks at uri qemu:///b now; what it owns was made at uri qemu:///a: set that back in "
      "tenon.yaml, or, if it is the same place under another name, `tenon forget --record-only` all of "
      "it and apply again, which finds it by its mark");
  EXPECT_NE(said({{"/uri", "qemu:///a"}, {"/pool", "p"}})
                .find("looks at pool p now; what it owns was made at no pool"),
            std::string::npos);
  EXPECT_EQ(said({{"/uri", "qemu:///a"}, {"/pool", nullptr}}), "");
}

TEST_F(Recorded, WhatOnlyOnePlaceHasIsNotCompared) {
  own("lv");
  record({{"lv", {{"/uri", "qemu:///a"}, {"/gone", 1}}}});
  EXPECT_EQ(said({{"/uri", "qemu:///a"}, {"/new", 2}}), "");
}

TEST_F(Recorded, WhoOwnsNothingMayLookAnywhere) {
  record({{"lv", {{"/uri", "qemu:///a"}}}});
  EXPECT_EQ(said({{"/uri", "qemu:///b"}}), "");
  own("another");
  EXPECT_EQ(said({{"/uri", "qemu:///b"}}), "");
  own("lv");
  EXPECT_NE(said({{"/uri", "qemu:///b"}}), "");
}

TEST_F(Recorded, WhatIsNotRecordedIsNotKnownToHaveMoved) {
  own("lv");
  EXPECT_EQ(said({{"/uri", "qemu:///b"}}), "");
}

TEST(NextPlaces, OfWhoOwnsSomethingStaysAndIsCompleted) {
  const Places recorded = {{"lv", {{"/uri", "a"}}}, {"left", {{"/uri", "a"}}}, {"gone", {{"/uri", "g"}}}};
  const Places now = {{"lv", {{"/uri", "b"}, {"/pool", "p"}}},
                      {"left", {{"/uri", "b"}}},
                      {"old", {{"/uri", "o"}}},
                      {"fresh", {{"/uri", "f"}}},
                      {"plain", Json::object()},
                      {"idle", {{"/uri", "i"}}}};
  EXPECT_EQ(next_places(recorded, now, {"lv", "old", "plain", "gone"}, {"lv", "left", "fresh"}),
            Places({{"lv", {{"/uri", "a"}, {"/pool", "p"}}},
                    {"old", {{"/uri", "o"}}},
                    {"gone", {{"/uri", "g"}}},
                    {"left", {{"/uri", "b"}}},
                    {"fresh", {{"/uri", "f"}}}}));
}

TEST(MovedBackendTest, LooksAtNothingAndChangesNothing) {
  SystemClock clock;
  FakeBackend inner(clock);
  MovedBackend moved(inner, {Code::failed_precondition, "elsewhere"});
  const Request request{.address = {"test", "Disk", "ns", "d"}, .desired = Json::object(), .nonce = "n"};
  const auto seen = moved.observe({request, request}, {});
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->observations.size(), 2u);
  EXPECT_EQ(seen->observations[1].existence, Existence::unknown);
  EXPECT_EQ(seen->observations[1].error->message, "elsewhere");
  EXPECT_EQ(moved.create(request, {}).error().message, "elsewhere");
  EXPECT_EQ(moved.update(request, {}).error().message, "elsewhere");
  EXPECT_EQ(moved.remove(request, {}).error().message, "elsewhere");
  EXPECT_EQ(moved.list("", "", {}).error().message, "elsewhere");
  EXPECT_EQ(moved.act(request, "a", {}, {}).error().message, "elsewhere");
  EXPECT_TRUE(inner.world().empty());
}

}  // namespace
}  // namespace tenon
