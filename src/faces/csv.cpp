// CSV tables: text to rows (RFC 4180), rows to faces.
#include "lineament/faces/csv.hpp"

#include <algorithm>

#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace {

struct Row {
  std::vector<std::string> fields;
  int line = 1;        ///< where it begins
  bool closed = true;  ///< false: a quote was opened and never closed
};

/// Splits RFC 4180 text into rows, blank ones left out. A quoted field may hold commas, line ends and doubled quotes.
class Rows {
 public:
  explicit Rows(std::string_view text) : text_(text), separator_(separator_of(text.substr(0, text.find('\n')))) {}

  bool next(Row& row) {
    do {
      if (i_ >= text_.size()) return false;
      row = {};
      row.line = line_;
      do row.fields.push_back(field(row));
      while (i_ < text_.size() && text_[i_++] == separator_);
    } while (row.fields.size() == 1 && row.fields[0].empty());
    return true;
  }

 private:
  /// Leaves i_ at the separator, at the last character of the line end, or at the end.
  std::string field(Row& row) {
    std::string raw;
    bool quoted = false;
    for (; i_ < text_.size(); ++i_) {
      const char c = text_[i_];
      const bool blank_so_far = text::trim(raw).empty();
      if (c == '"' && quoted && i_ + 1 < text_.size() && text_[i_ + 1] == '"') {
        raw += text_[++i_];
      } else if (c == '"' && (quoted || blank_so_far)) {
        quoted = !quoted;
      } else if (c == separator_ && !quoted) {
        break;
      } else if (c == '\n' || c == '\r') {
        const bool pair = c == '\r' && i_ + 1 < text_.size() && text_[i_ + 1] == '\n';
        if (pair) ++i_;
        ++line_;
        if (!quoted) break;
        raw += '\n';
      } else {
        raw += c;
      }
    }
    row.closed = row.closed && !quoted;
    if (with_decimal_comma(text::trim(raw))) std::replace(raw.begin(), raw.end(), ',', '.');
    return std::string(text::trim(raw));
  }

  /// "17,5", as half of the world writes it.
  static bool with_decimal_comma(std::string_view s) {
    const auto comma = s.find(',');
    if (comma == std::string_view::npos) return false;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::string_view whole = s.substr(0, comma), part = s.substr(comma + 1);
    if (whole.starts_with('-')) whole.remove_prefix(1);
    return !whole.empty() && !part.empty() && std::all_of(whole.begin(), whole.end(), is_digit) &&
           std::all_of(part.begin(), part.end(), is_digit);
  }

  /// Spreadsheets of half the world write semicolons.
  static char separator_of(std::string_view line) {
    const auto count = [&](char c) { return std::count(line.begin(), line.end(), c); };
    // Numbers with decimal commas have a comma each: as many as there are separators.
    return 2 * count(';') > count(',') ? ';' : 2 * count('\t') > count(',') ? '\t' : ',';
  }

  std::string_view text_;
  char separator_;
  std::size_t i_ = 0;
  int line_ = 1;
};

bool is_header(const Row& row) {
  return row.fields[0].empty() || std::none_of(row.fields.begin() + 1, row.fields.end(),
                                               [](const auto& f) { return text::number(f).has_value(); });
}

/// What a column holds.
struct Column {
  enum class What { nothing, name, width, height, x, y } what = What::nothing;
  int point = 0;
};

/// "part_12_x" -> {"part", "12", "x"}: runs of letters and runs of digits.
std::vector<std::string> words(std::string_view name) {
  std::vector<std::string> list;
  const auto kind = [](char c) { return c >= '0' && c <= '9' ? 1 : (c >= 'a' && c <= 'z') ? 2 : 0; };
  int last = 0;
  for (const char c : text::lower(name)) {
    if (kind(c) != 0 && kind(c) != last) list.emplace_back();
    if (kind(c) != 0) list.back() += c;
    last = kind(c);
  }
  return list;
}

/// A coordinate's axis and number, if the name tells both and nothing else of the kind.
Column coordinate_of(std::string_view name) {
  Column column;
  int axes = 0, numbers = 0;
  for (const std::string& word : words(name)) {
    // "px12", "x12", "12x": the axis is the last letter of a short word that no other word explains.
    const bool x = word == "x" || word == "px", y = word == "y" || word == "py";
    if (x || y) column.what = x ? Column::What::x : Column::What::y;
    axes += x || y;
    if (const auto number = text::index(word)) {
      column.point = *number;
      ++numbers;
    }
  }
  if (axes != 1 || numbers != 1) column.what = Column::What::nothing;
  return column;
}

/// Which field is what: from a header, or x0, y0, x1, y1, … after the name where there is none.
class Columns {
 public:
  Columns(const Scheme& scheme, std::string where) : scheme_(scheme), where_(std::move(where)) {
    list_.push_back({Column::What::name, 0});
    for (int i = 0; i < scheme.points; ++i) {
      list_.push_back({Column::What::x, i});
      list_.push_back({Column::What::y, i});
    }
  }

  void take_header(const Row& row) {
    // Columns numbered by a program that writes tables, say nothing; they are read as without a header.
    if (std::all_of(row.fields.begin() + 1, row.fields.end(), [](const auto& f) { return text::index(f).has_value(); }))
      return;
    list_.assign(row.fields.size(), {});
    bool named = false;
    for (std::size_t i = 0; i < list_.size(); ++i) {
      const std::string name = text::lower(row.fields[i]);
      list_[i] = coordinate_of(name);
      if (name == "width" || name == "image_width") list_[i].what = Column::What::width;
      if (name == "height" || name == "image_height") list_[i].what = Column::What::height;
      const bool is_name = name == "image" || name == "file" || name == "filename" || name == "image_name" ||
                           name == "name" || name == "path";
      if (!named && is_name) list_[i].what = Column::What::name;
      named = named || is_name;
    }
    if (!named && !list_.empty()) list_[0] = {Column::What::name, 0};
    number_from_0();
  }

  Face face(const Row& row, const std::filesystem::path& folder, const std::string& where) const {
    if (!row.closed)
      throw FormatError({where, "a quote is never closed", "\"…\"", "the end of the file", "close the quote"});
    const bool comma_at_end = row.fields.size() == list_.size() + 1 && row.fields.back().empty();
    if (row.fields.size() != list_.size() && !comma_at_end)
      throw FormatError({where, "the number of fields is wrong", std::to_string(list_.size()),
                         std::to_string(row.fields.size()),
                         "a row is the photo's name and " + std::to_string(scheme_.values()) + " numbers"});
    Face face;
    face.points.resize(static_cast<std::size_t>(scheme_.points));
    for (std::size_t i = 0; i < list_.size(); ++i) {
      const std::string& field = row.fields[i];
      const auto value = [&] {
        return is_unknown(field) ? kUnknownPoint.x : static_cast<float>(text::coordinate(field, where));
      };
      switch (list_[i].what) {
        case Column::What::name:
          set_name(face, field, folder, where);
          break;
        case Column::What::width:
          face.width = text::side(field);
          break;
        case Column::What::height:
          face.height = text::side(field);
          break;
        case Column::What::x:
          face.points[static_cast<std::size_t>(list_[i].point)].x = value();
          break;
        case Column::What::y:
          face.points[static_cast<std::size_t>(list_[i].point)].y = value();
          break;
        case Column::What::nothing:
          break;
      }
    }
    for (Point& p : face.points)
      if (!is_known(p)) p = kUnknownPoint;
    return face;
  }

 private:
  /// What programs that write tables put where there is no number.
  static bool is_unknown(std::string_view field) {
    const std::string word = text::lower(field);
    return word.empty() || word == "nan" || word == "na" || word == "null" || word == "none";
  }

  static void set_name(Face& face, const std::string& field, const std::filesystem::path& folder,
                       const std::string& where) {
    if (field.empty())
      throw FormatError({where, "the photo's name is missing", "a file name", "an empty field", "name the photo"});
    text::set_image(face, field, folder);
  }

  /// "; x3 is missing" or nothing: of what there is once for each point, the first that is not.
  static std::string missing(const std::vector<int>& x, const std::vector<int>& y, int first) {
    const auto from = static_cast<std::size_t>(std::clamp(first, 0, 1));
    for (std::size_t i = from; i + 1 < x.size() + from; ++i)
      for (const auto& [axis, counts] : {std::pair('x', &x), std::pair('y', &y)})
        if ((*counts)[i] != 1)
          return std::string("; ") + axis + std::to_string(i) + ((*counts)[i] == 0 ? " is missing" : " is there twice");
    return "";
  }

  /// Every point once, numbered from 0 or from 1; else nobody can say which number is which point's.
  void number_from_0() {
    std::vector<int> x(static_cast<std::size_t>(scheme_.points) + 1), y(x.size());
    int first = scheme_.points, coordinates = 0;
    for (const Column& c : list_) {
      if (c.what != Column::What::x && c.what != Column::What::y) continue;
      ++coordinates;
      first = std::min(first, c.point);
      if (static_cast<std::size_t>(c.point) < x.size())
        ++(c.what == Column::What::x ? x : y)[static_cast<std::size_t>(c.point)];
    }
    const auto from = x.begin() + std::min(first, 1), to = from + scheme_.points;
    const bool whole = coordinates == scheme_.values() && first <= 1 &&
                       std::all_of(from, to, [](int n) { return n == 1; }) &&
                       std::all_of(y.begin() + first, y.begin() + first + scheme_.points, [](int n) { return n == 1; });
    if (!whole)
      throw FormatError({where_, "the header does not say which column is which coordinate",
                         "x0, y0, … x" + std::to_string(scheme_.points - 1) + ", y" +
                             std::to_string(scheme_.points - 1) + " in any order, or numbers from 1",
                         std::to_string(coordinates) + " columns with an axis and a number" + missing(x, y, first),
                         "name the columns so, or remove the header if they are x0, y0, x1, y1, …"});
    for (Column& c : list_) c.point -= c.what == Column::What::x || c.what == Column::What::y ? first : 0;
  }

  const Scheme& scheme_;
  std::string where_;
  std::vector<Column> list_;
};

}  // namespace

Dataset parse_csv(std::string_view csv, std::string_view name, const std::filesystem::path& folder,
                  const Scheme& scheme) {
  const std::string text = text::as_utf8(std::string(csv), std::string(name));
  Dataset result;
  Rows rows(text);
  Row row;
  bool first = true;
  Columns columns(scheme, std::string(name) + ":1");
  while (rows.next(row)) {
    const bool header = first && is_header(row);
    first = false;
    if (header) {
      if (!row.closed)
        throw FormatError({std::string(name) + ":" + std::to_string(row.line), "a quote is never closed", "\"…\"",
                           "the end of the file", "close the quote"});
      columns.take_header(row);
      continue;
    }
    const std::string where = std::string(name) + ":" + std::to_string(row.line);
    try {
      result.faces.push_back(columns.face(row, folder, where));
    } catch (const FormatError& error) {
      result.rejected.push_back(text::rejected(error, where));
    }
  }
  if (result.faces.empty() && result.rejected.empty())
    throw FormatError({std::string(name), "the table has no row of points",
                       "a name and " + std::to_string(scheme.values()) + " numbers a row",
                       first ? "an empty file" : "a header only", "check what file this is"});
  return result;
}

Dataset read_csv(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_csv(read_text(path), path.string(), path.parent_path(), scheme);
}

}  // namespace lineament
