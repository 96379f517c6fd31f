#include "framework/cli/arguments.h"

#include <gtest/gtest.h>

#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

Arguments parsed(const std::vector<std::string>& words) {
  const auto result = parse_arguments(words);
  if (const Usage* usage = std::get_if<Usage>(&result)) {
    ADD_FAILURE() << usage->text;
    return {};
  }
  return std::get<Arguments>(result);
}

Usage refused(const std::vector<std::string>& words) {
  const auto result = parse_arguments(words);
  if (const Usage* usage = std::get_if<Usage>(&result)) return *usage;
  ADD_FAILURE() << "was accepted";
  return {};
}

TEST(Arguments, FilesAndApprovalsAreRepeatable) {
  const Arguments arguments =
      parsed({"apply", "-f", "a.yaml", "-f", "b", "--approve", "g/K/n/a", "--approve", "g/K/n/b", "--yes"});
  EXPECT_EQ(arguments.command, "apply");
  EXPECT_EQ(arguments.files, (std::vector<std::string>{"a.yaml", "b"}));
  EXPECT_EQ(arguments.approve, (std::vector<std::string>{"g/K/n/a", "g/K/n/b"}));
  EXPECT_TRUE(arguments.yes);
}

TEST(Arguments, ADashIsStandardInput) {
  EXPECT_EQ(parsed({"plan", "-f", "-"}).files, std::vector<std::string>{"-"});
}

TEST(Arguments, HaveDefaults) {
  const Arguments arguments = parsed({"get"});
  EXPECT_EQ(arguments.name_space, "default");
  EXPECT_EQ(arguments.state, "./.tenon");
  EXPECT_TRUE(arguments.isolated);
  EXPECT_EQ(arguments.format, Format::text);
}

TEST(Arguments, ANamespaceIsCheckedOnceAsTheOptionThatItIs) {
  for (const char* command : {"plan", "get", "validate", "describe"}) {
    const Usage usage = refused({command, "-n", "Bad_NS", "x"});
    EXPECT_EQ(usage.exit_code, kFailure);
    EXPECT_NE(usage.text.find("--namespace: 'Bad_NS' is not a namespace: lower-case letters"),
              std::string::npos)
        << usage.text;
  }
  EXPECT_EQ(parsed({"get", "-n", "a-1"}).name_space, "a-1");
}

TEST(Arguments, GetTakesTargetsAndAFormat) {
  const Arguments arguments = parsed({"get", "vm/a", "dv", "-A", "-o", "json"});
  EXPECT_EQ(arguments.targets, (std::vector<std::string>{"vm/a", "dv"}));
  EXPECT_TRUE(arguments.all_namespaces);
  EXPECT_EQ(arguments.format, Format::json);
}

TEST(Arguments, LockTimeoutIsADurationInSecondsWithoutAUnit) {
  const std::pair<const char*, int> durations[] = {{"1.5", 1500},   {"90s", 90000}, {"5m", 300000},
                                                   {"1h", 3600000}, {"20ms", 20},   {"0", 0}};
  for (const auto& [text, milliseconds] : durations)
    EXPECT_EQ(parsed({"apply", "-f", "a", "--lock-timeout", text}).lock_timeout,
              std::chrono::milliseconds(milliseconds))
        << text;
  for (const char* text : {"soon", "1.2.3", ".", "5 m", "5d"})
    EXPECT_NE(refused({"apply", "-f", "a", "--lock-timeout", text}).text.find("not a duration"),
              std::string::npos)
        << text;
}

TEST(Arguments, WrongUsageExitsWithOneAndSaysWhat) {
  const Usage unknown = refused({"get", "-o", "dot"});
  EXPECT_EQ(unknown.exit_code, kFailure);
  EXPECT_NE(unknown.text.find("dot"), std::string::npos);
  EXPECT_EQ(refused({"frobnicate"}).exit_code, kFailure);
}

TEST(Arguments, WhatIsMisspeltIsNamedWithWhatWasPerhapsMeant) {
  const std::pair<std::vector<std::string>, const char*> mistakes[] = {
      {{"aply", "-f", "a"}, "error: there is no command 'aply'; did you mean 'apply'?\n'tenon help' tells"},
      {{"help", "aply"}, "error: there is no command 'aply'; did you mean 'apply'?\n"},
      {{"--yes", "apply"}, "error: a command comes first: tenon COMMAND [options]\n"},
      {{"apply", "--yse"},
       "error: 'apply' has no option '--yse'; did you mean '--yes'?\n'tenon help apply' tells"},
      {{"apply", "--fil", "x"}, "error: 'apply' has no option '--fil'; did you mean '--file'?\n"},
      {{"get", "--selector=a", "--otput=json"},
       "error: 'get' has no option '--otput'; did you mean '--output'?\n"},
      {{"get", "--frobnicate"}, "error: 'get' has no option '--frobnicate'\n"},
      {{"plan", "vm.yaml"}, "error: 'plan' takes no argument 'vm.yaml'; manifests are given with -f\n"},
      {{"version", "b"}, "error: 'version' takes no argument 'b'\n"},
      {{"import"}, "error: TARGET is required\n'tenon help import' tells"},
      {{"plan", "--prune", "-l", "a"}, "error: --prune acts within one whole set"}};
  for (const auto& [words, beginning] : mistakes)
    EXPECT_TRUE(refused(words).text.starts_with(beginning)) << refused(words).text;
}

TEST(Arguments, ImportTakesOneIdentityOrNone) {
  EXPECT_EQ(parsed({"import", "vm/a"}).targets, std::vector<std::string>{"vm/a"});
  EXPECT_EQ(parsed({"import", "vm/a", "id"}).targets, (std::vector<std::string>{"vm/a", "id"}));
  EXPECT_EQ(refused({"import", "vm/a", "id", "x"}).exit_code, kFailure);
  EXPECT_NE(refused({"import", "--help"}).text.find("TARGET [IDENTITY]"), std::string::npos)
      << refused({"import", "--help"}).text;
}

TEST(Arguments, VersionAndHelpMayBeAskedForAsElsewhere) {
  EXPECT_EQ(parsed({"--version"}).command, "version");
  EXPECT_EQ(parsed({"-v", "-o", "json"}).command, "version");
  EXPECT_EQ(refused({"help"}).text, refused({"--help"}).text);
  EXPECT_EQ(refused({"help"}).exit_code, kSuccess);
  EXPECT_EQ(refused({"help", "plan"}).text, refused({"plan", "--help"}).text);
  EXPECT_EQ(refused({}).text, refused({"--help"}).text);
  EXPECT_EQ(refused({}).exit_code, kFailure);
}

TEST(Arguments, HelpSucceeds) {
  const Usage help = refused({"--help"});
  EXPECT_EQ(help.exit_code, kSuccess);
  EXPECT_NE(help.text.find("validate"), std::string::npos);
  EXPECT_NE(refused({"plan", "--help"}).text.find("--prune"), std::string::npos);
}

}  // namespace
}  // namespace tenon
