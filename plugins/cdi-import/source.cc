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

// The bytes of user and password in a URL, with the '@'; empty: there are none.
std::string_view user_info(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const size_t host = scheme + 3;
  const std::string_view authority = url.substr(host, url.find_first_of("/?#", host) - host);
  return authority.substr(0, authority.rfind('@') + 1);
}

Result<Source> parse_http(const Json& http) {
  const std::string url = http.value("url", "");
  if (!lower(url).starts_with("http://") && !lower(url).starts_with("https://"))
    return invalid("spec/source/http/url: '" + printable_url(url) + "' is neither http:// nor https://");
  if (!user_info(url).empty())
    return invalid("spec/source/http/url: '" + printable_url(url) +
                   "' has a user or password before the host, which everybody could read in plans and in the "
                   "inventory; put them into a v1 Secret and name it in secretRef");
  Source source{
      .url = url, .checksum = lower(http.value("checksum", "")), .secret = http.value("secretRef", "")};
  if (!source.checksum.empty() && !is_sha256(source.checksum))
    return invalid("spec/source/http/checksum: must be sha256: followed by 64 hexadecimal digits");
  return source;
}

}  // namespace

Result<Source> parse_source(const Json& spec) {
  const Json source = spec.is_object() ? spec.value("source", Json::object()) : Json::object();
  if (source.contains("http") == source.contains("blank"))
    return invalid("spec/source: exactly one of http and blank");
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
  std::string text = url;
  if (const std::string_view user = user_info(url); !user.empty())
    text.erase(static_cast<size_t>(user.data() - url.data()), user.size());
  return text.substr(0, text.find_first_of("?#"));
}

}  // namespace tenon::cdi
