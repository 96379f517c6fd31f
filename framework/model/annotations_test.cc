#include "framework/model/annotations.h"

#include <gtest/gtest.h>

#include "framework/model/resource.h"

namespace tenon {
namespace {

TEST(Annotations, OfOthersAreNotOurs) {
  for (const char* name : {"protect", "example.org/protect", "test.tenon.dev/protekt", "tenon.devil/protect"})
    EXPECT_FALSE(problem_of_annotation(name, "yes")) << name;
}

TEST(Annotations, ThatAreKnownAreTakenAsTheyAre) {
  for (const std::string_view name :
       {kBackendAnnotation, kDependsOnAnnotation, kApproveAnnotation, kMovedFromAnnotation})
    EXPECT_FALSE(problem_of_annotation(std::string(name), "anything")) << name;
}

TEST(Annotations, ThatAreMisspeltAreToldWithTheNearest) {
  const auto problem = problem_of_annotation("tenon.dev/protekt", "true");
  ASSERT_TRUE(problem);
  EXPECT_TRUE(problem->at_key);
  EXPECT_EQ(problem->summary, "unknown annotation 'tenon.dev/protekt'");
  EXPECT_TRUE(problem->detail.starts_with("did you mean 'tenon.dev/protect'?\n")) << problem->detail;
}

TEST(Annotations, ProtectOnlyByTrue) {
  for (const char* value : {"true", "false"}) EXPECT_FALSE(problem_of_annotation("tenon.dev/protect", value));
  for (const char* value : {"yes", "True", "", "1", "true "}) {
    const auto problem = problem_of_annotation("tenon.dev/protect", value);
    ASSERT_TRUE(problem) << value;
    EXPECT_FALSE(problem->at_key);
  }
}

}  // namespace
}  // namespace tenon
