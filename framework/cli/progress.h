// What a run shows while it works: plain lines, or on a terminal a live area of what runs now below lines
// that stay.
#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "framework/cli/text.h"
#include "framework/run/executor.h"

namespace tenon {

// One thread: the one that owns the run.
class Progress final : public Reporter {
 public:
  // live: draw over the last lines, at most `width` columns wide.
  Progress(std::ostream& out, const Style& style, const Clock& clock, bool live, int width);
  ~Progress() override;

  void step(const Step& step, const StepEvent& event) override;

 private:
  struct Shown {
    Time since{};
    std::string subject;
    std::string line;  // as last shown, then and with this progress
    Time at{};
    double progress = 0;
  };

  void finish(const Step& step, const StepEvent& event, const Shown& shown);
  void go_on(const Step& step, const StepEvent& event, Shown& shown);
  void print(const std::string& line);
  void erase();
  void draw();

  std::ostream& out_;
  const Style style_;
  const Clock& clock_;
  const bool live_;
  const size_t width_;
  std::map<int, Shown> active_;
  size_t drawn_ = 0;  // lines of the live area
};

}  // namespace tenon
