#include "framework/cli/completions.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

std::vector<std::string> texts(const Completion& completion) {
  std::vector<std::string> list;
  for (const Candidate& candidate : completion.candidates) list.push_back(candidate.text);
  return list;
}

Completion complete(const std::vector<std::string>& words) {
  return complete_words(describe_commands(), words);
}

using Also = Completion::Also;
using Texts = std::vector<std::string>;

TEST(Completions, OfTheFirstWordAreCommands) {
  EXPECT_EQ(texts(complete({"de"})), (Texts{"destroy", "describe"}));
  EXPECT_GT(texts(complete({""})).size(), 10u);
  EXPECT_EQ(texts(complete({"__"})), Texts());
}

TEST(Completions, OfAnOptionAreLongNames) {
  EXPECT_EQ(texts(complete({"plan", "--de"})), Texts{"--detailed-exitcode"});
  EXPECT_EQ(texts(complete({"plan", "--record"})), Texts());
}

TEST(Completions, OfAnOptionsValueAreItsWords) {
  EXPECT_EQ(texts(complete({"graph", "-o", "m"})), Texts{"mermaid"});
  EXPECT_EQ(texts(complete({"graph", "--output=m"})), Texts{"--output=mermaid"});
  EXPECT_EQ(texts(complete({"graph", "--output", "=", "m"})), Texts{"--output=mermaid"});  // bash
  EXPECT_EQ(texts(complete({"get", "--isolation", ""})), (Texts{"process", "none"}));
  EXPECT_EQ(complete({"plan", "-f", ""}).also, Also::files);
  EXPECT_EQ(complete({"apply", "--approve", ""}).also, Also::addresses);
  EXPECT_EQ(complete({"destroy", "--set", ""}).also, Also::sets);
}

TEST(Completions, OfAPlaceAreWhatStandsThere) {
  EXPECT_EQ(complete({"get", "v"}).also, Also::targets);
  EXPECT_EQ(complete({"get", "-A", "v"}).also, Also::targets);
  EXPECT_EQ(complete({"explain", "vm."}).also, Also::fields);
  EXPECT_EQ(complete({"doctor", ""}).also, Also::instances);
  EXPECT_EQ(complete({"mv", "a", ""}).also, Also::addresses);
  EXPECT_EQ(complete({"apply", ""}).also, Also::files);
  EXPECT_EQ(texts(complete({"completion", "z"})), Texts{"zsh"});
}

TEST(Completions, KnowWhatWasTypedBefore) {
  const Completion completion =
      complete({"get", "--state", "/s", "-n", "lab", "--config=c.yaml", "-A", "vm/"});
  EXPECT_EQ(completion.state, "/s");
  EXPECT_EQ(completion.name_space, "lab");
  EXPECT_EQ(completion.configuration, "c.yaml");
  EXPECT_EQ(completion.word, "vm/");
}

TEST(Completions, OfAnUnknownCommandAreNone) {
  EXPECT_EQ(texts(complete({"gte", ""})), Texts());
  EXPECT_EQ(complete({"gte", "--"}).also, Also::nothing);
}

}  // namespace
}  // namespace tenon
