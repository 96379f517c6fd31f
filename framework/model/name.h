// Name: a short text that is written once and copied very often: a group, a kind, a namespace, a name. Copies
// share it (base/shared.h), so that an address costs four pointers wherever it stands. Immutable but by
// assignment; converts to the text that it is.
#pragma once

#include <compare>
#include <concepts>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "framework/base/shared.h"

namespace tenon {

class Name;

template <typename T>
concept TextButNoName = std::convertible_to<const T&, std::string_view> && !std::same_as<T, Name>;

class Name {
 public:
  Name() = default;
  Name(std::string text) : shared_(text.empty() ? Shared<Text>() : Shared<Text>(Text(std::move(text)))) {}
  Name(std::string_view text) : Name(std::string(text)) {}
  Name(const char* text) : Name(std::string(text)) {}

  const std::string& str() const { return shared_->text; }
  operator const std::string&() const { return str(); }
  operator std::string_view() const { return str(); }
  bool empty() const { return shared_.is_default(); }
  size_t hash() const { return shared_->hash; }

  friend bool operator==(const Name& a, const Name& b) {
    return a.shared_.shares_with(b.shared_) || (a.hash() == b.hash() && a.str() == b.str());
  }
  friend std::strong_ordering operator<=>(const Name& a, const Name& b) {
    return a.shared_.shares_with(b.shared_) ? std::strong_ordering::equal : a.str() <=> b.str();
  }
  friend std::string operator+(const Name& a, const Name& b) { return a.str() + b.str(); }

  // With any other kind of text.
  template <TextButNoName T>
  friend bool operator==(const Name& a, const T& b) {
    return a.str() == std::string_view(b);
  }
  template <TextButNoName T>
  friend std::string operator+(const Name& a, const T& b) {
    return std::string(a.str()).append(std::string_view(b));
  }
  template <TextButNoName T>
  friend std::string operator+(const T& a, const Name& b) {
    return std::string(a).append(b.str());
  }
  friend std::ostream& operator<<(std::ostream& out, const Name& name) { return out << name.str(); }

 private:
  struct Text {
    Text() = default;
    explicit Text(std::string all) : text(std::move(all)), hash(std::hash<std::string>{}(text)) {}

    std::string text;
    size_t hash = 0;
  };

  Shared<Text> shared_;  // the default: ""
};

}  // namespace tenon

template <>
struct std::hash<tenon::Name> {
  size_t operator()(const tenon::Name& name) const noexcept { return name.hash(); }
};
