// Typed integers: counts (Tokens, Blocks) add and subtract, ids (ReplicaId) only compare.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace headroom {

/// A count of one kind of thing. Mixing kinds does not compile; `.value()` leaves the type.
template <class Tag, class Rep = std::int64_t>
class Count {
 public:
  constexpr Count() = default;
  constexpr explicit Count(Rep v) : value_(v) {}
  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Count, Count) = default;
  friend constexpr Count operator+(Count a, Count b) { return Count(a.value_ + b.value_); }
  friend constexpr Count operator-(Count a, Count b) { return Count(a.value_ - b.value_); }
  constexpr Count& operator+=(Count b) {
    value_ += b.value_;
    return *this;
  }
  constexpr Count& operator-=(Count b) {
    value_ -= b.value_;
    return *this;
  }

 private:
  Rep value_ = 0;
};

/// An index that names one thing.
template <class Tag, class Rep = std::uint32_t>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value_(v) {}
  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  Rep value_ = 0;
};

using Tokens = Count<struct TokensTag>;
using Blocks = Count<struct BlocksTag>;
using ReplicaId = Id<struct ReplicaTag>;

}  // namespace headroom
