#include "plugins/cdi-import/worker/image.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>

#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"
#include "plugins/cdi-import/worker/qemu_img.h"
#include "plugins/cdi-import/worker/sparse_file.h"

namespace tenon::cdi {
namespace {

namespace fs = std::filesystem;
using std::literals::string_literals::operator""s;

class ImageTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_ / name; }
  MaybeFailure unpack(const std::string& packed, int64_t most = 1 << 20) {
    EXPECT_TRUE(write_file_atomically(path("in"), packed));
    fs::remove(path("out"));
    return unpack_gz(path("in"), path("out"), most, most, monitor_, size_);
  }
  std::string unpacked() const { return read_file(path("out")).value_or(""); }

  TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_;
  Monitor monitor_{StateDirectory(directory_), [] { return false; }};
  int64_t size_ = 0;
};

std::string gz(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(ImageFormat, IsToldByTheFirstBytes) {
  const std::pair<std::string, const char*> cases[] = {{"QFI\xfb\0\0\0\3"s, "qcow2"},
                                                       {"QFI\xfb\0\0\0\2"s, "qcow2"},
                                                       {"\x1f\x8b\x08\0"s, "gz"},
                                                       {"\xfd"s + "7zXZ\0"s, "xz"},
                                                       {"KDMV"s, "vmdk"},
                                                       {"# Disk DescriptorFile"s, "vmdk"},
                                                       {"conectix"s, "vhd"},
                                                       {std::string(512, '\0'), "raw"},
                                                       {""s, "raw"},
                                                       {"QFI"s, "raw"},
                                                       {std::string(0x40, '<') + "\x7f\x10\xda\xbe"s, "vdi"}};
  for (const auto& [head, format] : cases) EXPECT_EQ(detect_format(head), format);
}

TEST_F(ImageTest, GzipIsUnpackedWithItsHoles) {
  const std::string text = "begin" + std::string(600000, '\0') + "end" + std::string(9000, '\0');
  EXPECT_FALSE(unpack(gz(text)));
  EXPECT_EQ(unpacked(), text);
  EXPECT_EQ(size_, static_cast<int64_t>(text.size()));
}

TEST_F(ImageTest, GzipMayHaveSeveralMembersAndPadding) {
  EXPECT_FALSE(unpack(gz("one") + gz("two") + std::string(1000, '\0')));
  EXPECT_EQ(unpacked(), "onetwo");
}

TEST_F(ImageTest, GzipThatEndsEarlyOrIsDamagedIsRefused) {
  const std::string whole = gz("some text that is long enough");
  for (size_t length : {whole.size() - 1, whole.size() / 2, size_t{4}})
    EXPECT_EQ(unpack(whole.substr(0, length))->reason, "CorruptImage") << length;
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;
  EXPECT_EQ(unpack(damaged)->reason, "CorruptImage");
  EXPECT_EQ(unpack(whole + "rubbish")->reason, "CorruptImage");
}

TEST_F(ImageTest, AGzipBombIsStoppedAtTheClaimsSize) {
  const auto failure = unpack(gz(std::string(4 << 20, '\0')), 1 << 20);
  EXPECT_EQ(failure->reason, "ImageTooLarge");
}

TEST_F(ImageTest, SparseFileKeepsBytesAndSize) {
  std::string text = std::string(5000, '\0') + "x" + std::string(20000, '\0') + "y" + std::string(9000, '\0');
  auto file = SparseFile::create(path("f"));
  ASSERT_TRUE(file);
  for (size_t at = 0; at < text.size(); at += 3001)
    ASSERT_TRUE(file->append(std::string_view(text).substr(at, 3001)));
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(read_file(path("f")).value(), text);
}

Json info() {
  return {{"format", "qcow2"}, {"virtual-size", 1000}, {"format-specific", {{"data", {{"corrupt", false}}}}}};
}

Json with(const std::string& pointer, const Json& value) {
  Json changed = info();
  changed[Json::json_pointer(pointer)] = value;
  return changed;
}

TEST(JudgeImage, AcceptsAnImageCompleteInItself) {
  int64_t size = 0;
  EXPECT_FALSE(judge_image(info(), 1000, size));
  EXPECT_EQ(size, 1000);
}

TEST(JudgeImage, RefusesEveryReferenceToAnotherFile) {
  int64_t size = 0;
  for (const Json& hostile :
       {with("/backing-filename", "/etc/shadow"), with("/full-backing-filename", "json:{}"),
        with("/format-specific/data/data-file", "/etc/shadow"),
        with("/format-specific/data/data-file-raw", true),
        with("/format-specific/data/extents", Json::array()), with("/children", {{{"name", "backing"}}})})
    EXPECT_EQ(judge_image(hostile, 1000, size)->reason, "UnsafeImage") << hostile;
}

TEST(JudgeImage, RefusesWhatDoesNotFitOrIsBroken) {
  int64_t size = 0;
  const auto large = judge_image(with("/virtual-size", 1001), 1000, size);
  EXPECT_EQ(large->reason, "ImageTooLarge");
  EXPECT_NE(large->message.find("1001"), std::string::npos);
  EXPECT_NE(large->message.find("1000"), std::string::npos);
  EXPECT_EQ(judge_image(with("/format-specific/data/corrupt", true), 1000, size)->reason, "CorruptImage");
  EXPECT_EQ(judge_image(with("/encrypted", true), 1000, size)->reason, "UnsupportedFormat");
  EXPECT_EQ(judge_image(with("/format", "vmdk"), 1000, size)->reason, "UnsupportedFormat");
  EXPECT_EQ(judge_image(Json(), 1000, size)->reason, "CorruptImage");
}

}  // namespace
}  // namespace tenon::cdi
