#include "framework/base/quantity.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

Quantity quantity(const char* text) {
  const Result<Quantity> parsed = Quantity::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or({});
}

TEST(Quantity, ReadsEveryFormThatKubernetesHas) {  // S0-5
  const std::pair<const char*, int64_t> cases[] = {
      {"0", 0},
      {"64Mi", 67108864},
      {"2Gi", 2147483648},
      {"1.5Gi", 1610612736},
      {".5Ki", 512},
      {"5.", 5},
      {"+3k", 3000},
      {"-2M", -2000000},
      {"1E", 1000000000000000000},
      {"1Ei", 1152921504606846976},
      {"7.5Pi", 8444249301319680},
      {"1e3", 1000},
      {"1E3", 1000},
      {"12E-1", 2},
      {"1.5e+2", 150},
      {"000128Ki", 131072},
      {"2147483648", 2147483648},
      {"4T", 4000000000000},
      {"1P", 1000000000000000},
      {"9G", 9000000000},
      {"0.000000000000000000000000000000Gi", 0},
      {"1.00000000000000000000000000000000000000Gi", 1073741824},
      {"9223372036854775807", 9223372036854775807},
  };
  for (const auto& [text, units] : cases) EXPECT_EQ(quantity(text).value(), units) << text;
}

TEST(Quantity, RoundsFractionsOfAUnitAwayFromZero) {
  EXPECT_EQ(quantity("1m").value(), 1);
  EXPECT_EQ(quantity("1001m").value(), 2);
  EXPECT_EQ(quantity("-1001m").value(), -2);
  EXPECT_EQ(quantity("0.1Ki").value(), 103);
  EXPECT_EQ(quantity("1e-2000").value(), 1);
}

TEST(Quantity, KeepsThousandthsAndRoundsWhatIsFinerUp) {
  EXPECT_EQ(quantity("1n"), quantity("1m"));
  EXPECT_EQ(quantity("1001u"), quantity("2m"));
  EXPECT_EQ(quantity("1000u"), quantity("1m"));
  EXPECT_EQ(quantity("0.1"), quantity("100m"));
  EXPECT_EQ(quantity("0.0001Ki"), quantity("103m"));
}

TEST(Quantity, ComparesByAmountNotByText) {
  EXPECT_EQ(quantity("1Gi"), quantity("1024Mi"));
  EXPECT_EQ(quantity("1k"), quantity("1e3"));
  EXPECT_LT(quantity("1G"), quantity("1Gi"));
  EXPECT_LT(quantity("-1"), quantity("0"));
  EXPECT_FALSE(quantity("0").is_positive());
  EXPECT_FALSE(quantity("-0").is_negative());
  EXPECT_TRUE(quantity("1m").is_positive());
}

TEST(Quantity, RefusesMalformedText) {  // S0-6
  for (const char* text :
       {"",    " ",     "abc", "64MB", "64mi", "64 Mi", " 64Mi", "64Mi ", "1e",  "1ee3", "1e3Mi", "--1",
        "+-1", "1.2.3", ".",   "Mi",   "1K",   "0x10",  "1e+",   "1i",    "nan", "inf",  "1,5Gi"}) {
    const Result<Quantity> parsed = Quantity::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument);
    EXPECT_NE(parsed.error().message.find("a quantity such as 64Mi"), std::string::npos);
  }
  EXPECT_FALSE(Quantity::parse(std::string(100000, '1')));
}

TEST(Quantity, RefusesWhatDoesNotFitInsteadOfWrapping) {
  for (const char* text : {"9Ei", "10E", "9223372036854775809", "1e19", "1e99999999999", "16384Pi", "-9Ei"})
    EXPECT_FALSE(Quantity::parse(text)) << text;
  EXPECT_EQ(quantity("8Ei").value(), 9223372036854775807);
}

TEST(Quantity, ReadsJsonNumbersToo) {
  EXPECT_EQ(Quantity::from_json(2147483648)->value(), 2147483648);
  EXPECT_EQ(Quantity::from_json(1.5)->value(), 2);
  EXPECT_EQ(Quantity::from_json(1e15)->value(), 1000000000000000);
  EXPECT_EQ(Quantity::from_json("64Mi")->value(), 67108864);
  EXPECT_FALSE(Quantity::from_json(true));
  EXPECT_FALSE(Quantity::from_json(Json()));
  EXPECT_FALSE(Quantity::from_json(Json::array()));
}

TEST(FormatBytes, IsTheShortestExactForm) {
  EXPECT_EQ(format_bytes(67108864), "64Mi");
  EXPECT_EQ(format_bytes(1000), "1000");
  EXPECT_EQ(format_bytes(1536), "1536");
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(1152921504606846976), "1Ei");
}

}  // namespace
}  // namespace tenon
