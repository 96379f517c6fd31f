#include "framework/base/shared.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "framework/base/shared_json.h"

namespace tenon {
namespace {

using Words = std::vector<std::string>;

TEST(Shared, CopiesAreTheVerySameUntilOneIsEdited) {
  Shared<Words> first(Words{"a"});
  Shared<Words> second = first;
  EXPECT_EQ(&*first, &*second);
  second.edit().push_back("b");
  EXPECT_EQ(*first, Words{"a"});
  EXPECT_EQ(*second, (Words{"a", "b"}));
}

TEST(Shared, WhatNobodyElseHoldsIsEditedInPlace) {
  Shared<Words> only(Words{"a"});
  const Words* before = &*only;
  {
    const std::vector<Shared<Words>> others(2, only);
    EXPECT_EQ(&*others[1], before);
  }
  only.edit().push_back("b");
  EXPECT_EQ(&*only, before);
}

TEST(Shared, ADefaultOneIsADefaultValueAndCanBeEdited) {
  Shared<Words> none;
  EXPECT_TRUE(none.is_default());
  EXPECT_EQ(*none, Words());
  none.edit().push_back("a");
  EXPECT_EQ(*none, Words{"a"});
  EXPECT_EQ(*Shared<Words>(), Words());
}

TEST(Shared, OneThatWasMovedFromIsADefaultOne) {
  Shared<Words> first(Words{"a"});
  const Shared<Words> second = std::move(first);
  EXPECT_EQ(*first, Words());  // NOLINT(bugprone-use-after-move): that is what is tried
  EXPECT_EQ(*second, Words{"a"});
}

TEST(Shared, CanBeAssignedToItself) {
  Shared<Words> one(Words{"a"});
  const Shared<Words>& same = one;
  one = same;
  EXPECT_EQ(*one, Words{"a"});
}

// The sanitizers say whether that is so.
TEST(Shared, DifferentThreadsMayCopyAndEditTheirOwn) {
  constexpr int kRounds = 2000;
  Shared<Words> shared(Words{"a"});
  const auto work = [](Shared<Words> mine) {
    for (int i = 0; i < kRounds; ++i) {
      Shared<Words> other = mine;
      other.edit().push_back("b");
      EXPECT_EQ(other->size(), 2u);
      EXPECT_EQ(mine->size(), 1u);
    }
    mine.edit().push_back("c");
    EXPECT_EQ(*mine, (Words{"a", "c"}));
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, shared);
  work(std::move(shared));
}

TEST(SharedJson, ReadsLikeItsJson) {
  const SharedJson json = {{"a", 1}, {"b", {{"c", "text"}}}};
  EXPECT_EQ(json, Json({{"a", 1}, {"b", {{"c", "text"}}}}));
  EXPECT_EQ(json["a"], 1);
  EXPECT_EQ(json.at("b").at("c"), "text");
  EXPECT_EQ(json.value("none", "otherwise"), "otherwise");
  EXPECT_THROW(json["none"], Json::exception);
  EXPECT_EQ(json.dump(), R"({"a":1,"b":{"c":"text"}})");
}

TEST(SharedJson, ACopyIsEditedAlone) {
  const SharedJson before = {{"a", 1}};
  SharedJson after = before;
  after.edit()["a"] = 2;
  EXPECT_EQ(before["a"], 1);
  EXPECT_EQ(after["a"], 2);
  EXPECT_NE(before, after);
}

TEST(SharedJson, NullIsWhatItStartsWith) {
  EXPECT_TRUE(SharedJson().is_null());
  EXPECT_EQ(SharedJson(), SharedJson(Json()));
  EXPECT_EQ(SharedJson(nullptr), Json());
  EXPECT_NE(SharedJson(), SharedJson::object());
  SharedJson null;
  null.edit()["a"] = 1;
  EXPECT_EQ(null, Json({{"a", 1}}));
  EXPECT_TRUE(SharedJson().is_null());
}

TEST(SharedJson, IsAMemberOfOtherJson) {
  const SharedJson part = {{"a", 1}};
  Json whole = {{"first", part}};
  whole["second"] = part;
  EXPECT_EQ(whole, Json::parse(R"({"first": {"a": 1}, "second": {"a": 1}})"));
}

}  // namespace
}  // namespace tenon
