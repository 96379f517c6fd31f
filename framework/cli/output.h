// Standard output, whose errors must not pass for success, and what happens when nobody reads it.
#pragma once

#include <array>
#include <iosfwd>
#include <streambuf>

namespace tenon {

struct Environment;

// A descriptor, buffered. Once a write has failed nothing more is written. One thread.
class Output final : public std::streambuf {
 public:
  explicit Output(int descriptor);

  int error() const { return error_; }  // errno of the write that failed; 0: none did

 protected:
  int_type overflow(int_type character) override;
  int sync() override;

 private:
  const int descriptor_;
  int error_ = 0;
  std::array<char, 16384> buffer_;
};

// A descriptor of 0 to 2 that is closed would be given to the next file that is opened, and what is printed
// be written into that. Afterwards writing to such a one fails, and reading from it ends at once.
void reserve_standard_streams();

// From here on a write that nobody reads fails, and so does one beyond the limit of a file's size, and does
// not end the process. What is executed from it has the default again.
void survive_failing_writes();

// The exit code: `status`, unless all that was asked for was to be printed and could not be. Tells so on
// env.err, but where the reader has gone, as `head` does.
int finish_output(Output& output, int status, Environment& env);

}  // namespace tenon
