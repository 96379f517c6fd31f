#include "framework/faults/tracer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tenon::faults {

Result<TraceFile> TraceFile::open(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return errno_error("opening", path, errno);
  if (ftruncate(file.get(), sizeof(Trace)) != 0) return errno_error("sizing", path, errno);
  void* memory = mmap(nullptr, sizeof(Trace), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return errno_error("mapping", path, errno);
  return TraceFile(static_cast<Trace*>(memory));
}

TraceFile::~TraceFile() {
  if (trace_) munmap(trace_, sizeof(Trace));
}

void Tracer::step(std::string_view what, const std::string& subject) {
  pass(++trace_.steps == kill_.step, what, subject);
}

void Tracer::write(std::string_view what, const std::string& path) {
  const bool last = ++trace_.writes == kill_.write;
  pass(last, what, last ? path.substr(path.rfind('/') + 1) : "");
}

void Tracer::pass(bool last, std::string_view what, const std::string& subject) {
  if (!last) return;
  const std::string text = std::string(what) + " " + subject;
  const size_t size = std::min(text.size(), sizeof trace_.last - 1);
  std::copy_n(text.data(), size, trace_.last);
  trace_.last[size] = '\0';
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

Status TracedInventory::commit(std::vector<Record> records) {
  if (records.empty()) return inner_.commit(std::move(records));
  const std::string subject = std::to_string(records.size()) + " records";
  tracer_.step("before the commit of", subject);
  Status committed = inner_.commit(std::move(records));
  tracer_.step("after the commit of", subject);
  return committed;
}

}  // namespace tenon::faults
