#include "plugins/cdi-import/source.h"

#include <algorithm>
#include <cctype>

namespace tenon::cdi {
namespace {

Error invalid(const std::string& message) { return {Code::invalid_argument, message}; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_sha256(const std::string& text) {
  return text.size() == 71 && text.starts_with("sha256:") &&
         text.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
}

Result<Source> parse_http(const Json& http) {
  const std::string url = http.value("url", "");
  if (!lower(url).starts_with("http://") && !lower(url).starts_with("https://"))
    return invalid("source.http.url: '" + printable_url(url) + "' is neither http:// nor https://");
  Source source{
      .url = url, .checksum = lower(http.value("checksum", "")), .secret = http.value("secretRef", "")};
  if (!source.checksum.empty() && !is_sha256(source.checksum))
    return invalid("source.http.checksum: must be sha256: followed by 64 hexadecimal digits");
  return source;
}

}  // namespace

Result<Source> parse_source(const Json& spec) {
  const Json source = spec.is_object() ? spec.value("source", Json::object()) : Json::object();
  if (source.contains("http") == source.contains("blank"))
    return invalid("source: exactly one of http and blank");
  return source.contains("http") ? parse_http(source.at("http")) : Result<Source>(Source{.blank = true});
}

std::string to_bytes(const Credentials& credentials) {
  return credentials.user + '\0' + credentials.password;
}

Credentials credentials_from(const std::string& bytes) {
  const size_t end = bytes.find('\0');
  if (end == std::string::npos) return {};
  return {bytes.substr(0, end), bytes.substr(end + 1)};
}

std::string printable_url(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url.substr(0, url.find_first_of("?#"));
  const size_t host = scheme + 3;
  const size_t path = std::min(url.find_first_of("/?#", host), url.size());
  const size_t at = url.rfind('@', path);
  const size_t begin = at != std::string::npos && at >= host && at < path ? at + 1 : host;
  return url.substr(0, host) + url.substr(begin, url.find_first_of("?#", begin) - begin);
}

}  // namespace tenon::cdi
