#include "plugins/cdi-import/worker/download.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <thread>

#include "framework/base/digest.h"
#include "plugins/cdi-import/source.h"
#include "plugins/cdi-import/worker/sparse_file.h"

namespace tenon::cdi {
namespace {

constexpr int64_t kProgress = 1 << 20;
constexpr std::chrono::milliseconds kLongestBackoff{10000};

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// How one attempt ended.
struct Attempt {
  bool done = false;
  bool again = false;  // worth another attempt
  Failure failure;
};

Attempt retry(const std::string& reason, const std::string& message) {
  return {.again = true, .failure = {reason, message}};
}
Attempt give_up(const std::string& reason, const std::string& message) {
  return {.failure = {reason, message}};
}

Attempt of_status(long status, const std::string& url) {
  const std::string said = "the server answered " + std::to_string(status) + " for " + url;
  if (status == 404 || status == 410) return give_up("NotFound", said);
  if (status == 401 || status == 403 || status == 407) return give_up("AccessDenied", said);
  if (status >= 500 || status == 408 || status == 429) return retry("ServerError", said);
  return give_up("ImportFailed", said);
}

Attempt of_code(CURLcode code, const std::string& detail, const std::string& url) {
  const std::string said = "downloading " + url + ": " + detail;
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return give_up("ImportFailed", said);
    case CURLE_TOO_MANY_REDIRECTS: return give_up("TooManyRedirects", said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return give_up("CertificateRefused", said);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: return retry("Unreachable", said);
    case CURLE_OPERATION_TIMEDOUT: return retry("Timeout", said);
    case CURLE_PARTIAL_FILE: return retry("Truncated", said);
    default: return retry("ImportFailed", said);
  }
}

class Downloader {
 public:
  Downloader(const Server& server, SparseFile file, const DownloadLimits& limits, Monitor& monitor)
      : url_(server.url),
        shown_url_(printable_url(server.url)),
        credentials_(server.credentials),
        file_(std::move(file)),
        limits_(limits),
        monitor_(monitor) {}

  MaybeFailure run(Download& result);

 private:
  Attempt attempt();
  void configure();
  CURLcode perform();
  Attempt judge(CURLcode code);
  MaybeFailure wait(std::chrono::milliseconds time);

  void header(std::string_view line);
  // False: the transfer ends; pending_ says why.
  bool body(std::string_view bytes);
  bool first_bytes();
  bool stop_with(Attempt why) {
    pending_ = std::move(why);
    return false;
  }
  long status() const;
  // Where a 206 begins, and the whole file's size where it says so.
  bool read_content_range(int64_t& begin);

  const std::string url_, shown_url_;
  const Credentials& credentials_;
  SparseFile file_;
  const DownloadLimits& limits_;
  Monitor& monitor_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<Sha256> digest_ = std::make_unique<Sha256>();

  // Of the whole download: which file it is, by ETag or date, and how long.
  std::string validator_;
  int64_t total_ = -1;
  // Of one attempt.
  std::map<std::string, std::string> headers_;
  bool begun_ = false;
  std::optional<Attempt> pending_;
  char error_[CURL_ERROR_SIZE] = "";
};

MaybeFailure Downloader::run(Download& result) {
  std::chrono::milliseconds pause = limits_.backoff;
  for (int tries = 0;;) {
    const int64_t before = file_.size();
    const Attempt ended = attempt();
    if (ended.done) break;
    if (!ended.again) return ended.failure;
    if (file_.size() - before >= kProgress) {
      tries = 0;
      pause = limits_.backoff;
    }
    if (++tries > limits_.retries) return ended.failure;
    if (MaybeFailure failure = wait(pause)) return failure;
    pause = std::min(pause * 2, kLongestBackoff);
  }
  if (const Status finished = file_.finish(); !finished) return local_failure(finished.error());
  result = {file_.size(), digest_->finish()};
  return std::nullopt;
}

Attempt Downloader::attempt() {
  headers_.clear();
  begun_ = false;
  pending_.reset();
  error_[0] = 0;
  easy_.reset(curl_easy_init());
  configure();
  std::unique_ptr<curl_slist, ListDeleter> extra;
  if (file_.size() > 0 && validator_.empty() && !file_.start_over())
    return give_up("ImportFailed", "cannot start over");
  if (file_.size() == 0) digest_ = std::make_unique<Sha256>();
  if (file_.size() > 0) {
    const std::string range = std::to_string(file_.size()) + "-";
    curl_easy_setopt(easy_.get(), CURLOPT_RANGE, range.c_str());
    extra.reset(curl_slist_append(nullptr, ("If-Range: " + validator_).c_str()));
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, extra.get());
  }
  return judge(perform());
}

void Downloader::configure() {
  CURL* easy = easy_.get();
  const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, url_.c_str());
  if (!credentials_.empty()) {
    set(CURLOPT_USERNAME, credentials_.user.c_str());
    set(CURLOPT_PASSWORD, credentials_.password.c_str());
  }
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USERAGENT, "tenon-cdi-import");
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits_.connect.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits_.stall.count()));
  set(CURLOPT_ERRORBUFFER, error_);
  using Callback = size_t (*)(char*, size_t, size_t, void*);
  const Callback header = [](char* data, size_t size, size_t count, void* self) {
    static_cast<Downloader*>(self)->header({data, size * count});
    return size * count;
  };
  const Callback body = [](char* data, size_t size, size_t count, void* self) {
    return static_cast<Downloader*>(self)->body({data, size * count}) ? size * count : size_t{0};
  };
  set(CURLOPT_HEADERFUNCTION, header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
}

// In pieces of 100 ms, so that a request to stop is seen while the server is silent.
CURLcode Downloader::perform() {
  std::unique_ptr<CURLM, MultiDeleter> multi(curl_multi_init());
  curl_multi_add_handle(multi.get(), easy_.get());
  CURLcode code = CURLE_FAILED_INIT;
  for (int running = 1; running > 0;) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, 100, nullptr);
    if (!monitor_.stopped()) continue;
    pending_ = Attempt{.failure = stopped()};
    break;
  }
  int left = 0;
  if (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) code = message->data.result;
  curl_multi_remove_handle(multi.get(), easy_.get());
  return code;
}

Attempt Downloader::judge(CURLcode code) {
  if (pending_) return *pending_;
  // An empty body calls nobody.
  if (code == CURLE_OK && !begun_ && !first_bytes()) return *pending_;
  // However the connection ended: nothing is missing.
  if (begun_ && total_ >= 0 && file_.size() == total_) return {.done = true};
  if (code == CURLE_HTTP_RETURNED_ERROR && status() == 416) {
    validator_.clear();  // the file is another one now
    return retry("Truncated", "the server cannot continue " + shown_url_);
  }
  if (code == CURLE_HTTP_RETURNED_ERROR) return of_status(status(), shown_url_);
  if (code != CURLE_OK) return of_code(code, error_[0] ? error_ : curl_easy_strerror(code), shown_url_);
  if (total_ >= 0 && file_.size() < total_)
    return retry("Truncated", shown_url_ + " ended after " + std::to_string(file_.size()) + " of " +
                                  std::to_string(total_) + " bytes");
  return {.done = true};
}

MaybeFailure Downloader::wait(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    if (monitor_.stopped()) return stopped();
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(std::chrono::milliseconds(50),
                                                                   end - std::chrono::steady_clock::now()));
  }
  return std::nullopt;
}

void Downloader::header(std::string_view line) {
  // Each answer of a chain of redirects begins with its own status line.
  if (line.starts_with("HTTP/")) headers_.clear();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) value.remove_prefix(1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.remove_suffix(1);
  headers_[name] = value;
}

bool Downloader::body(std::string_view bytes) {
  if (!begun_ && !first_bytes()) return false;
  if (file_.size() + static_cast<int64_t>(bytes.size()) > limits_.most_bytes)
    return stop_with(
        {.failure = too_large("the image at " + shown_url_, limits_.most_bytes, limits_.claim_size, true)});
  digest_->update(bytes);
  if (const Status written = file_.append(bytes); !written)
    return stop_with({.failure = local_failure(written.error())});
  monitor_.advance(file_.size(), std::max<int64_t>(total_, 0), limits_.claim_size);
  return true;
}

bool Downloader::first_bytes() {
  begun_ = true;
  if (status() == 206) {
    int64_t begin = -1;
    if (read_content_range(begin) && begin == file_.size()) return true;
    validator_.clear();
    return stop_with(retry("Truncated", "the server continued " + shown_url_ + " at the wrong place"));
  }
  if (status() != 200) return stop_with(of_status(status(), shown_url_));
  if (const Status again = file_.start_over(); !again)
    return stop_with({.failure = local_failure(again.error())});
  digest_ = std::make_unique<Sha256>();
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  total_ = length;
  // A weak ETag names no bytes.
  const std::string& tag = headers_["etag"];
  validator_ = tag.starts_with('"') ? tag : headers_["last-modified"];
  if (total_ > limits_.most_bytes)
    return stop_with({.failure = too_large("the image at " + shown_url_, total_, limits_.claim_size)});
  return true;
}

long Downloader::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

bool Downloader::read_content_range(int64_t& begin) {
  long long first = -1, last = -1, whole = -1;
  const int read =
      std::sscanf(headers_["content-range"].c_str(), "bytes %lld-%lld/%lld", &first, &last, &whole);
  if (read < 2 || (read == 3 && total_ >= 0 && whole != total_)) return false;
  begin = first;
  if (read == 3) total_ = whole;
  return true;
}

}  // namespace

DownloadLimits DownloadLimits::from_settings(const Json& download) {
  DownloadLimits limits;
  limits.connect = std::chrono::seconds(download.value("connectSeconds", int64_t{limits.connect.count()}));
  limits.stall = std::chrono::seconds(download.value("stallSeconds", int64_t{limits.stall.count()}));
  limits.retries = download.value("retries", limits.retries);
  limits.backoff =
      std::chrono::milliseconds(download.value("backoffMilliseconds", int64_t{limits.backoff.count()}));
  return limits;
}

MaybeFailure download(const Server& server, const std::string& path, const DownloadLimits& limits,
                      Monitor& monitor, Download& result) {
  auto file = SparseFile::create(path);
  if (!file) return local_failure(file.error());
  return Downloader(server, std::move(*file), limits, monitor).run(result);
}

}  // namespace tenon::cdi
