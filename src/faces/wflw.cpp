// Lines of words to faces.
#include "lineament/faces/wflw.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace wflw {
namespace {

constexpr std::size_t kRectangle = 4, kAttributes = 6, kMore = kRectangle + kAttributes;
constexpr std::string_view kBlanks = " \t\r\v\f";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto from = line.find_first_not_of(kBlanks); from != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(kBlanks, from), line.size());
    words.push_back(line.substr(from, end - from));
    from = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

bool is_number(std::string_view word) {
  return text::number(word).has_value();
}

/// One line: where its coordinates begin, and what is its path.
class Line {
 public:
  Line(std::string_view line, const Scheme& scheme, const std::string& where)
      : words_(words_of(line)), scheme_(scheme), where_(where), values_(static_cast<std::size_t>(scheme.values())) {
    const auto first_word = std::find_if_not(words_.begin(), words_.end(), is_number);
    const auto last_word = std::find_if_not(words_.rbegin(), words_.rend(), is_number);
    leading_ = static_cast<std::size_t>(first_word - words_.begin());
    trailing_ = static_cast<std::size_t>(last_word - words_.rbegin());
  }

  Face read(std::string& path) const {
    Face face;
    std::size_t from = 0;
    if (leading_ == values_ + kMore && leading_ < words_.size()) {
      require_attributes();
      face.box = rectangle();
      path = between(leading_, words_.size());
    } else if (leading_ == values_ && leading_ < words_.size()) {
      path = between(leading_, words_.size());
    } else if (leading_ == 0 && trailing_ == values_) {
      from = words_.size() - values_;
      path = between(0, from);
    } else {
      fail();
    }
    for (std::size_t i = from; i < from + values_; i += 2) face.points.push_back({number(i), number(i + 1)});
    return face;
  }

 private:
  float number(std::size_t i) const { return static_cast<float>(text::coordinate(words_[i], where_)); }

  /// The words as they stand in the line, with the blanks between them.
  std::string between(std::size_t from, std::size_t to) const {
    const char* begin = words_[from].data();
    return {begin, words_[to - 1].data() + words_[to - 1].size()};
  }

  void require_attributes() const {
    for (std::size_t i = leading_ - kAttributes; i < leading_; ++i)
      if (words_[i] != "0" && words_[i] != "1")
        throw FormatError({where_, "an attribute is neither 0 nor 1",
                           "six of them after the points and the rectangle, as in WFLW's lists",
                           text::in_quotes(words_[i]), "correct the line"});
  }

  Box rectangle() const {
    const float left = number(values_), top = number(values_ + 1);
    const Box box{left, top, number(values_ + 2) - left, number(values_ + 3) - top};
    if (!(box.width > 0 && box.height > 0))
      throw FormatError({where_, "the rectangle has no size", "x_min y_min x_max y_max",
                         text::shortest(box.width) + " x " + text::shortest(box.height), "correct the line"});
    return box;
  }

  /// How many points the line seems to have, if that is a known scheme's number.
  std::size_t other_points() const {
    for (const std::size_t points : std::array<std::size_t, 7>{98, 68, 106, 29, 21, 19, 5}) {
      const std::size_t values = 2 * points;
      const bool fits = leading_ == values + kMore || leading_ == values || (leading_ == 0 && trailing_ == values);
      if (values != values_ && fits && std::max(leading_, trailing_) < words_.size()) return points;
    }
    return 0;
  }

  [[noreturn]] void fail() const {
    const std::size_t n = words_.size();
    if (n == values_ + 1 || n == values_ + kMore + 1) {  // As many words as it takes: one of them is no number.
      const bool path_first = !is_number(words_[0]);
      const auto from = words_.begin() + (path_first ? 1 : 0);
      const auto wrong = std::find_if_not(from, from + static_cast<std::ptrdiff_t>(values_), is_number);
      if (wrong != from + static_cast<std::ptrdiff_t>(values_)) text::coordinate(*wrong, where_);
    }
    const std::string wanted = std::to_string(values_) + " numbers and a path, in any order, or " +
                               std::to_string(values_ + kMore) + " numbers and a path (WFLW's lists)";
    std::string got = std::to_string(n) + (n == 1 ? " word" : " words");
    if (leading_ == n)
      got = std::to_string(n) + " numbers and no path";
    else if (leading_ > 0 || trailing_ > 0)
      got = std::to_string(std::max(leading_, trailing_)) + " numbers " + (leading_ >= trailing_ ? "before" : "after") +
            " a path";
    std::string fix = text::fix_points(scheme_);
    if (const std::size_t points = other_points())
      fix = "these are " + std::to_string(points) + " points: give --scheme FILE for them";
    throw FormatError({where_, "the number of words is wrong", wanted, got, fix});
  }

  std::vector<std::string_view> words_;
  const Scheme& scheme_;
  const std::string& where_;
  std::size_t values_;
  std::size_t leading_ = 0, trailing_ = 0;  ///< numbers before the first other word, and after the last
};

/// Comments begin with #; so do names of photos, which have all numbers after them.
bool is_comment(std::string_view line, const Scheme& scheme) {
  return line[0] == '#' && words_of(line).size() <= static_cast<std::size_t>(scheme.values());
}

/// As it can be opened, if it is in one of the places where it may be; else beside the list.
std::filesystem::path image_of(const std::string& path, const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path beside = text::list_path(path, folder);
  if (std::filesystem::is_regular_file(beside, error)) return beside;
  for (const char* above : {".", "..", "../.."})
    for (const char* below : {"", "WFLW_images"}) {
      std::filesystem::path there = text::list_path(path, folder / above / below);
      if (std::filesystem::is_regular_file(there, error)) return there;
    }
  return beside;
}

}  // namespace
}  // namespace wflw

Dataset parse_wflw(std::string_view list, std::string_view name, const std::filesystem::path& folder,
                   const Scheme& scheme) {
  const std::string text = text::as_utf8(std::string(list), std::string(name));
  Dataset result;
  int number = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    const std::string_view line = text::trim(std::string_view(text).substr(from, end - from));
    from = end + 1;
    const std::string where = std::string(name) + ":" + std::to_string(++number);
    if (line.empty() || wflw::is_comment(line, scheme)) continue;
    try {
      std::string path;
      Face face = wflw::Line(line, scheme, where).read(path);
      face.image = wflw::image_of(path, folder);
      face.photo = photo_id(path);
      face.listed = path;
      result.faces.push_back(std::move(face));
    } catch (const FormatError& error) {
      result.rejected.push_back(text::rejected(error, where));
    }
  }
  if (result.faces.empty() && result.rejected.empty())
    throw FormatError({std::string(name), "the list has no line",
                       std::to_string(scheme.values()) + " numbers and a photo's path a line", "an empty file",
                       "check what file this is"});
  return result;
}

Dataset read_wflw(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_wflw(read_text(path), path.string(), path.parent_path(), scheme);
}

}  // namespace lineament
