#include "framework/cli/progress.h"

#include <algorithm>
#include <cctype>
#include <ostream>

#include "framework/base/printable.h"

namespace tenon {
namespace {

// Plain lines come when something changed, when a tenth more is done, or after this long.
constexpr std::chrono::seconds kQuiet{10};
constexpr double kStride = 0.1;

std::string subject_of(const Step& step) {
  if (step.await) return "await " + printable(to_string(*step.await));
  return short_name(step.address);
}

// The state alone, where the text begins with the name that the line has anyhow.
std::string without_subject(const Step& step, const std::string& text) {
  const std::string beginning = short_name(step.address) + " is ";
  return text.starts_with(beginning) ? text.substr(beginning.size()) : text;
}

std::string doing(StepKind kind) {
  switch (kind) {
    case StepKind::create: return "creating";
    case StepKind::update: return "updating";
    case StepKind::remove: return "deleting";
    case StepKind::adopt: return "adopting";
    case StepKind::forget: return "forgetting";
    case StepKind::move: return "moving";
    case StepKind::await: break;
  }
  return "";
}

std::string done(StepKind kind) {
  switch (kind) {
    case StepKind::create: return "created";
    case StepKind::update: return "updated";
    case StepKind::remove: return "deleted";
    case StepKind::await: return "reached";
    case StepKind::adopt: return "adopted";
    case StepKind::forget: return "forgotten";
    case StepKind::move: return "moved";
  }
  return "";
}

// An await's subject says what it is.
std::string attempt(StepKind kind) {
  return kind == StepKind::await ? "" : std::string(to_string(kind)) + " ";
}

// A text with its numbers taken out: another percentage is not another state.
std::string without_numbers(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); }),
             text.end());
  return text;
}

std::string cut(const std::string& line, size_t width) {
  if (columns(line) <= width) return line;
  std::string shorter = line;
  while (columns(shorter) + 1 > width) {
    while ((shorter.back() & 0xC0) == 0x80) shorter.pop_back();
    shorter.pop_back();
  }
  return shorter + "…";
}

}  // namespace

Progress::Progress(std::ostream& out, const Style& style, const Clock& clock, bool live, int width)
    : out_(out),
      style_(style),
      clock_(clock),
      live_(live),
      width_(static_cast<size_t>(std::max(20, width))) {}

Progress::~Progress() { erase(); }

void Progress::step(const Step& step, const StepEvent& event) {
  const auto [entry, fresh] = active_.try_emplace(event.step);
  Shown& shown = entry->second;
  if (fresh) shown = {.since = clock_.now(), .subject = subject_of(step)};
  erase();
  if (event.status == StepStatus::done || event.status == StepStatus::failed ||
      event.status == StepStatus::skipped) {
    finish(step, event, shown);
    active_.erase(entry);
  } else if (event.status == StepStatus::pending) {
    active_.erase(entry);
  } else {
    go_on(step, event, shown);
  }
  draw();
}

void Progress::finish(const Step& step, const StepEvent& event, const Shown& shown) {
  const std::string after = " after " + display_duration(clock_.now() - shown.since);
  const std::string why = event.text.empty() ? "" : ": " + printable(without_subject(step, event.text));
  if (event.status == StepStatus::done)
    print(style_.green(shown.subject + ": " + done(step.kind)) + after);
  else if (event.status == StepStatus::failed)
    print(style_.red(shown.subject + ": " + attempt(step.kind) + "failed") + after + why);
  else
    print(style_.yellow(shown.subject + ": " + attempt(step.kind) + "skipped") + why);
}

void Progress::go_on(const Step& step, const StepEvent& event, Shown& shown) {
  std::string line = shown.subject;
  if (!step.await) line += event.status == StepStatus::waiting ? ": waiting" : ": " + doing(step.kind);
  if (!event.text.empty()) line += ": " + printable(without_subject(step, event.text));
  if (event.progress && event.text.find('%') == std::string::npos) line += " " + percent(*event.progress);
  const Time now = clock_.now();
  const double progress = event.progress.value_or(0);
  const bool due = without_numbers(line) != without_numbers(shown.line) ||
                   progress >= shown.progress + kStride || (line != shown.line && now - shown.at >= kQuiet);
  if (live_) {
    shown.line = line;
  } else if (due) {
    print(line);
    shown.line = line;
    shown.progress = progress;
    shown.at = now;
  }
}

void Progress::print(const std::string& line) {
  out_ << line << "\n";
  out_.flush();
}

void Progress::erase() {
  if (drawn_ == 0) return;
  out_ << "\r\033[" << drawn_ << "A\033[J";
  drawn_ = 0;
  out_.flush();
}

void Progress::draw() {
  if (!live_) return;
  for (const auto& [step, shown] : active_) {
    if (shown.line.empty()) continue;
    const std::string elapsed = "  " + display_duration(clock_.now() - shown.since);
    out_ << cut(shown.line + elapsed, width_ - 1) << "\n";
    ++drawn_;
  }
  out_.flush();
}

}  // namespace tenon
