#include "framework/plugin/place.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

TEST(PlaceBelow, IsNamespaceAndNameOfWhatTheRootHolds) {
  for (const char* identity : {"/r/volumes/ns/c", "/r/volumes/ns/c/", "/r/./volumes/ns/c"}) {
    const auto place = place_below("/r/volumes", identity);
    ASSERT_TRUE(place) << identity;
    EXPECT_EQ(place->name_space, "ns");
    EXPECT_EQ(place->name, "c");
  }
}

TEST(PlaceBelow, IsTheSameThroughALink) {
  const TemporaryDirectory temporary;
  const fs::path directory = temporary;
  fs::create_directories(directory / "real/ns/c");
  fs::create_directory_symlink(directory / "real", directory / "link");
  EXPECT_TRUE(place_below(directory / "link", directory / "real/ns/c"));
  EXPECT_TRUE(place_below(directory / "real", directory / "link/ns/gone"));
}

TEST(PlaceBelow, WhatWasMadeElsewhereIsAnErrorThatNamesBothPlaces) {
  for (const char* identity : {"/r/other/ns/c", "/r/volumes/c", "/r/volumes/ns/c/deeper", "/ns/c"}) {
    const auto place = place_below("/r/volumes", identity);
    ASSERT_FALSE(place) << identity;
    EXPECT_EQ(place.error().code, Code::failed_precondition);
    EXPECT_NE(place.error().message.find(std::string("made at ") + identity), std::string::npos);
    EXPECT_NE(place.error().message.find("looks in /r/volumes:"), std::string::npos);
  }
}

}  // namespace
}  // namespace tenon
