#include "framework/load/load.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <mutex>

#include "framework/base/files.h"
#include "framework/base/ranges.h"
#include "framework/load/budget.h"
#include "framework/load/chunks.h"
#include "framework/load/yaml.h"

namespace tenon {
namespace {

constexpr size_t kMaximumDocument = size_t{3} << 20;
constexpr size_t kMaximumFile = size_t{256} << 20;
// Documents per thread below which another thread does not pay.
constexpr size_t kWorthAThread = 256;
constexpr size_t kNeverWorthAThread = std::numeric_limits<size_t>::max();

// A file's text, shared by its documents.
struct Source {
  std::string name;
  std::string text;
};

class DocumentSource : public SourceMap {
 public:
  DocumentSource(std::shared_ptr<const Source> source, const Chunk& chunk)
      : source_(std::move(source)), chunk_(chunk) {}

  std::string_view text() const {
    return std::string_view(source_->text).substr(chunk_.begin, chunk_.end - chunk_.begin);
  }

  // From a place in the document to one in the file.
  Position position(const Place& place) const {
    return {source_->name, chunk_.line + place.line - 1, place.column};
  }

  Position locate(std::string_view pointer, bool key) const override {
    if (asked_++ < kFewQuestions) return nearest(find_places(text(), pointer), pointer, key);
    std::call_once(surveyed_, [this] { places_ = find_places(text()); });
    return nearest(places_, pointer, key);
  }

 private:
  Position nearest(const PlaceMap& places, std::string_view pointer, bool key) const {
    std::string nearest(pointer);
    for (;;) {
      const auto found = places.find(nearest);
      if (found != places.end()) return position(key ? found->second.key : found->second.value);
      if (nearest.empty()) return position({1, 1});
      nearest.resize(nearest.rfind('/') == std::string::npos ? 0 : nearest.rfind('/'));
    }
  }

  // Most documents are asked for one place only, and there may be very many of them.
  static constexpr int kFewQuestions = 3;

  std::shared_ptr<const Source> source_;
  Chunk chunk_;
  mutable std::atomic<int> asked_ = 0;
  mutable std::once_flag surveyed_;
  mutable PlaceMap places_;
};

struct Loaded {
  std::vector<Document> documents;
  Diagnostics diagnostics;
};

std::optional<Json> parse_document(std::string_view text, std::vector<YamlProblem>& problems,
                                   DocumentCost& cost) {
  if (text.size() > kMaximumDocument) {
    problems.push_back({{1, 1}, "the document is larger than 3 MiB", "", {}});
    return {};
  }
  if (const std::optional<BadByte> bad = find_bad_byte(text)) {
    problems.push_back({place_at(text, bad->offset),
                        std::string("there is ") + bad->problem + " in the text",
                        "write the file in UTF-8",
                        {}});
    return {};
  }
  return parse_yaml(text, problems, &cost);
}

void load_document(std::shared_ptr<const DocumentSource> source, Budget& budget, Loaded& loaded) {
  const auto problem = [&](const Place& place, std::string summary, std::string detail) {
    loaded.diagnostics.push_back(
        {Severity::error, std::move(summary), std::move(detail), "", source->position(place)});
  };
  std::vector<YamlProblem> problems;
  DocumentCost cost;
  std::optional<Json> value = parse_document(source->text(), problems, cost);
  if (std::string used_up = budget.charge(cost, problems.size()); !used_up.empty())
    return problem({1, 1}, std::move(used_up),
                   "nothing from this document on was read; divide the manifests, and give each part a --set "
                   "of its own");
  for (YamlProblem& p : problems)
    problem(p.place, std::move(p.summary),
            p.first ? "the first is at " + to_string(source->position(*p.first)) : std::move(p.detail));
  if (value && !value->is_null()) loaded.documents.push_back({*std::move(value), std::move(source)});
}

// The order of the text is the order of the results.
std::vector<Loaded> load_ranges(const std::shared_ptr<const Source>& source, const std::vector<Chunk>& chunks,
                                size_t worth_a_thread, Budget& budget) {
  return in_ranges<Loaded>(chunks.size(), worth_a_thread, [&](size_t begin, size_t end, Loaded& loaded) {
    for (size_t i = begin; i < end && !budget.is_spent(); ++i)
      load_document(std::make_shared<const DocumentSource>(source, chunks[i]), budget, loaded);
  });
}

// Which of several threads used up the budget is chance; where one does is not.
std::vector<Loaded> load_chunks(const std::shared_ptr<const Source>& source, const std::vector<Chunk>& chunks,
                                Budget& budget) {
  const Budget::Sum before = budget.sum();
  std::vector<Loaded> loaded = load_ranges(source, chunks, kWorthAThread, budget);
  if (!budget.is_spent() || loaded.size() == 1) return loaded;
  loaded.clear();
  budget.go_back_to(before);
  return load_ranges(source, chunks, kNeverWorthAThread, budget);
}

template <typename T>
void append(std::vector<T>& target, std::vector<T>&& more) {
  if (target.empty())
    target = std::move(more);
  else
    target.insert(target.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void fail(Diagnostics& diagnostics, std::string summary, const std::string& file, std::string detail = "") {
  diagnostics.push_back({Severity::error, std::move(summary), std::move(detail), "", {file, 0, 0}});
}

bool has_known_extension(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

std::vector<std::string> files_of_directory(const std::string& directory, Diagnostics& diagnostics) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (has_known_extension(entry->path()) && !entry->is_directory()) files.push_back(entry->path().string());
  if (error) fail(diagnostics, "the directory cannot be read: " + error.message(), directory);
  if (!error && files.empty())
    fail(diagnostics, "the directory has no *.yaml, *.yml or *.json files", directory,
         "directories below it are not searched");
  std::sort(files.begin(), files.end());
  return files;
}

void refuse_size(const std::string& name, Diagnostics& diagnostics) {
  fail(diagnostics, "there are more than 256 MiB of it", name, "divide it: -f takes a directory, too");
}

std::vector<Document> documents_of(std::string name, std::string text, Budget& budget,
                                   Diagnostics& diagnostics) {
  const auto source = std::make_shared<const Source>(Source{std::move(name), std::move(text)});
  std::vector<Document> documents;
  for (Loaded& loaded : load_chunks(source, split_documents(source->text), budget)) {
    append(documents, std::move(loaded.documents));
    append(diagnostics, std::move(loaded.diagnostics));
  }
  return documents;
}

// A device or a pipe need not end, nor what /proc calls a file.
void load_stream(const std::string& name, std::istream& stream, Budget& budget,
                 std::vector<Document>& documents, Diagnostics& diagnostics) {
  std::string text;
  char block[65536];
  errno = 0;
  while (stream.read(block, sizeof block), stream.gcount() > 0) {
    text.append(block, static_cast<size_t>(stream.gcount()));
    if (text.size() > kMaximumFile) return refuse_size(name, diagnostics);
  }
  if (stream.bad()) return fail(diagnostics, errno_error("reading", name, errno).message, name);
  append(documents, documents_of(name, std::move(text), budget, diagnostics));
}

void load_file(const std::string& path, Budget& budget, std::vector<Document>& documents,
               Diagnostics& diagnostics) {
  namespace fs = std::filesystem;
  if (budget.is_spent()) return;
  std::error_code error;
  if (fs::is_regular_file(path, error) && fs::file_size(path, error) > kMaximumFile)
    return refuse_size(path, diagnostics);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail(diagnostics, errno_error("opening", path, errno).message, path);
  load_stream(path, stream, budget, documents, diagnostics);
}

}  // namespace

std::vector<Document> load_text(std::string name, std::string text, Diagnostics& diagnostics) {
  Budget budget;
  return documents_of(std::move(name), std::move(text), budget, diagnostics);
}

std::vector<Document> load_paths(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  Budget budget;
  std::vector<Document> documents;
  for (const std::string& path : paths) {
    if (budget.is_spent()) break;
    std::error_code error;
    if (path == "-") {
      load_stream("-", std::cin, budget, documents, diagnostics);
    } else if (std::filesystem::is_directory(path, error)) {
      for (const std::string& file : files_of_directory(path, diagnostics))
        load_file(file, budget, documents, diagnostics);
    } else {
      load_file(path, budget, documents, diagnostics);
    }
  }
  return documents;
}

}  // namespace tenon
