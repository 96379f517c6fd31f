// A new file that is written from its beginning on; whole blocks of zeros become holes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/base/files.h"
#include "framework/base/result.h"

namespace tenon::cdi {

class SparseFile {
 public:
  static Result<SparseFile> create(const std::string& path);

  // resource_exhausted: the disk is full.
  Status append(std::string_view bytes);
  Status start_over();
  int64_t size() const { return size_; }
  // Makes trailing holes real. The file stays open.
  Status finish();

 private:
  SparseFile(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  Status write_at(std::string_view bytes, int64_t offset);

  std::string path_;
  FileDescriptor file_;
  int64_t size_ = 0;
};

// Makes the file exactly this long and durable.
Status seal_file(const std::string& path, int64_t size);

}  // namespace tenon::cdi
