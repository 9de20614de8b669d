#!/usr/bin/env python3
"""Writes a recorded training step of a network, as PlaidML v0 recorded them: one function, thousands of statements.

    recorded_network.py --statements 3000 -o network.tile

Layers of a 3x3 convolution, batch normalisation and relu, with every eighth one wider, a product at the end, a softmax
loss, and all gradients spelled out; each parameter is updated. Prints the `--shape` options on standard output.
"""
import argparse


class Recorder:
    """Collects statements under fresh names."""

    def __init__(self):
        self.lines, self.count = [], 0

    def __call__(self, text, **names):
        name = f"X_T{self.count}"
        self.count += 1
        self.lines.append("  " + text.format(name, **names) + ";")
        return name

    def sum_channels(self, x, c):
        return self("{}[0, 0, 0, c : 1, 1, 1, %d] = +({x}[n, i, j, c])" % c, x=x)


def convolution(record, x, w, batch, size, channels, filters):
    return record("{}[n, x0, x1, co : %d, %d, %d, %d] = +({x}[n, -1 + k0 + x0, -1 + k1 + x1, ci] * {w}[k0, k1, ci, co]), k0 < 3, k1 < 3 no_defract"
                  % (batch, size, size, filters), x=x, w=w)


def convolution_gradients(record, x, w, dy, batch, size, channels, filters):
    dx = record("{}[n, -1 + k0 + x0, -1 + k1 + x1, ci : %d, %d, %d, %d] = +({dy}[n, x0, x1, co] * {w}[k0, k1, ci, co])"
                % (batch, size, size, channels), dy=dy, w=w)
    dw = record("{}[k0, k1, ci, co : 3, 3, %d, %d] = +({x}[n, -1 + k0 + x0, -1 + k1 + x1, ci] * {dy}[n, x0, x1, co])"
                % (channels, filters), x=x, dy=dy)
    return dx, dw


def normalization(record, x, gamma, beta, count, c):
    total = record.sum_channels(x, c)
    size = record("{} = %d" % count)
    mean = record("{} = div({t}, {s})", t=total, s=size)
    centred = record("{} = sub({x}, {m})", x=x, m=mean)
    square = record("{} = mul({c}, {c})", c=centred)
    variance = record("{} = div({t}, {s})", t=record.sum_channels(square, c), s=size)
    shifted = record("{} = add({v}, {e})", v=variance, e=record("{} = 0.001000"))
    deviation = record("{} = sqrt({v})", v=shifted)
    normal = record("{} = div({c}, {d})", c=centred, d=deviation)
    scaled = record("{} = mul({x}, {g})", x=normal, g=gamma)
    return record("{} = add({x}, {b})", x=scaled, b=beta), normal, deviation


def normalization_gradients(record, dy, normal, deviation, gamma, count, c):
    dbeta = record.sum_channels(dy, c)
    product = record("{} = mul({a}, {b})", a=dy, b=normal)
    dgamma = record.sum_channels(product, c)
    size = record("{} = %d" % count)
    first = record("{} = mul({a}, {s})", a=dy, s=size)
    second = record("{} = sub({a}, {b})", a=first, b=dbeta)
    third = record("{} = mul({n}, {g})", n=normal, g=dgamma)
    difference = record("{} = sub({a}, {b})", a=second, b=third)
    factor = record("{} = div({g}, {d})", g=gamma, d=deviation)
    whole = record("{} = mul({a}, {b})", a=difference, b=factor)
    return record("{} = div({a}, {s})", a=whole, s=size), dgamma, dbeta


def update(record, parameter, gradient):
    step = record("{} = mul({g}, {r})", g=gradient, r=record("{} = 0.010000"))
    return record("{} = sub({p}, {s})", p=parameter, s=step)


def network(statements, batch=2, size=8, channels=16, classes=10):
    """The text of the program and the shapes of its inputs by name."""
    record, shapes, outputs = Recorder(), {}, []

    def parameter(*dims):
        name = f"X_I_{len(shapes)}"
        shapes[name] = dims
        return name

    layers = max(1, round((statements - 40) / 44.0))
    image, labels = parameter(batch, size, size, channels), parameter(batch, classes)
    x, saved, width = image, [], channels
    for layer in range(layers):
        filters = 2 * channels if layer % 8 == 7 else channels
        w, gamma, beta = parameter(3, 3, width, filters), parameter(1, 1, 1, filters), parameter(1, 1, 1, filters)
        convolved = convolution(record, x, w, batch, size, width, filters)
        y, normal, deviation = normalization(record, convolved, gamma, beta, batch * size * size, filters)
        active = record("{} = cmp_lt({y}, {z})", y=y, z=record("{} = 0.000000"))
        out = record("{} = cond({a}, {z}, {y})", a=active, z=record("{} = 0.000000"), y=y)
        saved.append((x, w, gamma, beta, normal, deviation, active, width, filters))
        x, width = out, filters
    features = size * size * width
    flat = record("{} = reshape({x}, %d, %d)" % (batch, features), x=x)
    dense = parameter(features, classes)
    logits = record("{}[n, c : %d, %d] = +({x}[n, k] * {w}[k, c])" % (batch, classes), x=flat, w=dense)
    top = record("{}[n, 0 : %d, 1] = >({x}[n, c])" % batch, x=logits)
    exp = record("{} = exp({x})", x=record("{} = sub({x}, {t})", x=logits, t=top))
    probability = record("{} = div({e}, {s})", e=exp, s=record("{}[n, 0 : %d, 1] = +({e}[n, c])" % batch, e=exp))
    dlogits = record("{} = sub({p}, {l})", p=probability, l=labels)
    loss = record("{}[] = +({l}[n, c] * {p}[n, c])", l=labels, p=record("{} = log({p})", p=probability))
    outputs.append(record("{} = neg({l})", l=loss))
    dflat = record("{}[n, k : %d, %d] = +({d}[n, c] * {w}[k, c])" % (batch, features), d=dlogits, w=dense)
    outputs.append(update(record, dense, record("{}[k, c : %d, %d] = +({x}[n, k] * {d}[n, c])" % (features, classes), x=flat, d=dlogits)))
    dx = record("{} = reshape({d}, %d, %d, %d, %d)" % (batch, size, size, width), d=dflat)
    for x, w, gamma, beta, normal, deviation, active, width, filters in reversed(saved):
        dy = record("{} = cond({a}, {z}, {d})", a=active, z=record("{} = 0.000000"), d=dx)
        dy, dgamma, dbeta = normalization_gradients(record, dy, normal, deviation, gamma, batch * size * size, filters)
        dx, dw = convolution_gradients(record, x, w, dy, batch, size, width, filters)
        outputs += [update(record, p, g) for p, g in ((w, dw), (gamma, dgamma), (beta, dbeta))]
    inputs = ", ".join(f"{name}[{', '.join(f'{name}_{i}' for i in range(len(dims)))}]" for name, dims in shapes.items())
    return f"function ({inputs}) -> ({', '.join(outputs)}) {{\n" + "\n".join(record.lines) + "\n}\n", shapes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--statements", type=int, default=3000)
    parser.add_argument("-o", required=True)
    options = parser.parse_args()
    text, shapes = network(options.statements)
    with open(options.o, "w") as file:
        file.write(text)
    print(" ".join(f"--shape {name}={'x'.join(map(str, dims))}:f32" for name, dims in shapes.items()))


if __name__ == "__main__":
    main()
