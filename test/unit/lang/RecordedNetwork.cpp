//===- RecordedNetwork.cpp - Large programs for tests ---------------------===//
//
// The text follows PlaidML's own recordings: inputs X_I_n with their sizes
// X_I_n_d, statements X_Tn, operators spelt as functions, sizes as statements.
//
//===----------------------------------------------------------------------===//

#include "RecordedNetwork.h"

#include <fmt/format.h>
#include <iterator>

using namespace polytile::lang::test;

namespace {

class Recorder {
public:
  std::string run(size_t layers) {
    std::string inputs = "X_I_0[X_I_0_0, X_I_0_1, X_I_0_2, X_I_0_3]";
    for (size_t i = 1; i <= layers; ++i)
      fmt::format_to(std::back_inserter(inputs),
                     ", X_I_{0}[X_I_{0}_0, X_I_{0}_1, X_I_{0}_2, X_I_{0}_3], "
                     "X_I_{1}[X_I_{1}_0]",
                     2 * i, 2 * i + 1);
    one = statement("{} = 1;");
    zero = statement("{} = 0.000000;");
    std::string image = "X_I_0";
    for (size_t i = 1; i <= layers; ++i)
      image = layer(image, fmt::format("X_I_{}", 2 * i),
                    fmt::format("X_I_{}", 2 * i + 1));
    return fmt::format("function ({}) -> ({}) {{\n{}}}\n", inputs, image, body);
  }

private:
  template <typename... Args>
  std::string statement(fmt::format_string<std::string &, Args...> format,
                        Args &&...args) {
    std::string name = fmt::format("X_T{}", next++);
    body += "  ";
    fmt::format_to(std::back_inserter(body), format, name,
                   std::forward<Args>(args)...);
    body += '\n';
    return name;
  }

  std::string layer(const std::string &image, const std::string &kernel,
                    const std::string &bias) {
    std::string convolved = statement(
        "[[pid(conv)]] {}[n, x0, x1, co : 1, 28, 28, 64] = +({}[n, -1 + k0 + "
        "x0, -1 + k1 + x1, ci] * {}[k0, k1, ci, co]), k0 < 3, k1 < 3 "
        "no_defract;",
        image, kernel);
    std::string sum = statement("{}[0, 0, 0, c : 1, 1, 1, 64] = +({}[n, x, y, "
                                "c]);",
                                convolved);
    std::string count = statement("{} = 784;");
    std::string mean = statement("{} = div({}, {});", sum, count);
    std::string centred = statement("{} = sub({}, {});", convolved, mean);
    std::string square = statement("{} = mul({}, {});", centred, centred);
    std::string squares = statement("{}[0, 0, 0, c : 1, 1, 1, 64] = +({}[n, x, "
                                    "y, c]);",
                                    square);
    std::string variance = statement("{} = div({}, {});", squares, count);
    std::string shifted = statement("{} = add({}, {});", variance, zero);
    std::string root = statement("{} = sqrt({});", shifted);
    std::string normal = statement("{} = div({}, {});", centred, root);
    std::string row = statement("{} = reshape({}, {}, {}, {}, {}_0);", bias,
                                one, one, one, bias);
    std::string biased =
        statement("[[pid(Add, Switch)]] {} = add({}, {});", normal, row);
    std::string isNegative = statement("{} = cmp_lt({}, {});", biased, zero);
    std::string active =
        statement("{} = cond({}, {}, {});", isNegative, zero, biased);
    std::string pooled =
        statement("{}[n, x, y, c : 1, 28, 28, 64] = >({}[n, x + i, y + j, c]), "
                  "i < 2, j < 2;",
                  active);
    std::string scaled =
        statement("{} = ({} * 0.5 + {} * 1e-3) / (1 + 2e-5);", pooled, active);
    std::string mixed = statement("{}[n, x, y, co : 1, 28, 28, 64] = +({}[n, "
                                  "x, y, ci] * {}[0, 0, ci, co]);",
                                  scaled, kernel);
    std::string edge = statement("{} = 2 * {}_0 - {}_0;", bias, bias);
    std::string flat = statement("{} = reshape({}, 1, 784, {});", mixed, edge);
    std::string best =
        statement("{}[n, p, 0 : 1, 784, 1] = >({}[n, p, c]);", flat);
    std::string away = statement("{} = exp({} - {});", flat, best);
    return statement("{} = reshape({}, 1, 28, 28, {});", away, edge);
  }

  std::string body;
  std::string one;
  std::string zero;
  size_t next = 0;
};

} // namespace

std::string polytile::lang::test::writeRecordedNetwork(size_t layers) {
  return Recorder().run(layers);
}
