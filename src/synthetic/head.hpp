// The head's surface: horizontal rings between a front profile, the outline seen from in front, and the back of the
// skull, with the features raised on the front. Everything is a closed formula of (x, y), so that a landmark is exact
// wherever it is put.
#pragma once
#include <array>

#include "features.hpp"

namespace lineament::synthetic {

/// One horizontal section: half-width, depth of the outline, of the front profile, of the back.
struct Section {
  float width = 0, outline = 0, front = 0, back = 0;
};

class Head {
 public:
  Head(const Identity& identity, const Expression& expression);

  float top() const { return top_; }
  float chin() const { return chin_; }
  Section section(float y) const;
  /// z of the front half at (x, y), |x| <= the section's width.
  float depth(float x, float y) const { return depth(x, y, section(y)); }
  float depth(float x, float y, const Section& s) const;
  /// Front point that is the fraction `across` (-1 … 1) of the section's half-width from the middle.
  Vec3 front(float across, float y) const;
  /// Back half: angle 0 at the right edge … pi at the left one.
  Vec3 back(float angle, float y) const;
  const Features& features() const { return features_; }
  const Identity& identity() const { return identity_; }
  const Expression& expression() const { return expression_; }

 private:
  float relief(float x, float y) const;
  float lower_face(float x, float y) const;

  static constexpr int kRows = 192;
  Identity identity_;
  Expression expression_;
  Features features_;
  float top_, chin_, flat_;
  std::array<Section, kRows> table_;  // width holds the square: it goes to 0 like a root at both ends
};

}  // namespace lineament::synthetic
