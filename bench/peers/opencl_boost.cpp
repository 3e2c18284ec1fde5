// Boost.Compute's algorithms on the same data, where its headers are.
#include "opencl_host.hpp"

#if defined(BUSFARE_PEERS_BOOST_COMPUTE)
#include <boost/compute/algorithm.hpp>
#include <boost/compute/container/vector.hpp>
#include <boost/compute/core.hpp>
#include <boost/compute/functional.hpp>
#include <boost/compute/lambda.hpp>

namespace busfare::peers {
namespace {

namespace compute = boost::compute;
using floats = std::shared_ptr<compute::vector<float>>;

// A context and a queue of its own, as for the other peers.
struct place {
  compute::context context;
  compute::command_queue queue;
  explicit place(const cl_host& h)
      : context(compute::device(h.id())), queue(context, compute::device(h.id())) {}
  floats moved(const data& from) {
    return std::make_shared<compute::vector<float>>(from->begin(), from->end(), queue);
  }
};

contender transforms(const std::string& name, place p, floats out,
                     std::function<void(compute::command_queue&)> run) {
  return {"Boost.Compute " + name,
          [p, run]() mutable {
            run(p.queue);
            p.queue.finish();
          },
          [p, out]() mutable {
            std::vector<float> all(out->size());
            compute::copy(out->begin(), out->end(), all.begin(), p.queue);
            return sampled(all.data(), all.size());
          }};
}

contender yields(const std::string& name, place p, std::function<float(compute::command_queue&)> run) {
  const auto last = std::make_shared<float>();
  return {"Boost.Compute " + name, [=]() mutable { *last = run(p.queue); },
          [last] { return std::vector<double>{static_cast<double>(*last)}; }};
}

}  // namespace

std::vector<contender> boost_triad(const cl_host_ptr& h, const data& b, const data& c, float s) {
  using compute::lambda::_1, compute::lambda::_2;
  place p(*h);
  const floats x = p.moved(b), y = p.moved(c),
               out = std::make_shared<compute::vector<float>>(b->size(), p.context);
  return {transforms("transform", p, out, [=](compute::command_queue& q) {
    compute::transform(x->begin(), x->end(), y->begin(), out->begin(), _1 + s * _2, q);
  })};
}

std::vector<contender> boost_saxpy(const cl_host_ptr& h, const data& x, const data& y, float s) {
  using compute::lambda::_1, compute::lambda::_2;
  place p(*h);
  const floats dx = p.moved(x), dy = p.moved(y),
               out = std::make_shared<compute::vector<float>>(x->size(), p.context);
  return {transforms("transform", p, out, [=](compute::command_queue& q) {
    compute::transform(dx->begin(), dx->end(), dy->begin(), out->begin(), s * _1 + _2, q);
  })};
}

std::vector<contender> boost_sum(const cl_host_ptr& h, const data& x) {
  place p(*h);
  const floats dx = p.moved(x);
  return {yields("reduce", p, [=](compute::command_queue& q) {
    float total = 0;
    compute::reduce(dx->begin(), dx->end(), &total, compute::plus<float>(), q);
    return total;
  })};
}

std::vector<contender> boost_dot(const cl_host_ptr& h, const data& x, const data& y) {
  place p(*h);
  const floats dx = p.moved(x), dy = p.moved(y);
  contender dot = yields("inner_product", p, [=](compute::command_queue& q) {
    return compute::inner_product(dx->begin(), dx->end(), dy->begin(), 0.0f, q);
  });
  dot.loses_digits = true;  // one chain of floats
  return {std::move(dot)};
}

}  // namespace busfare::peers

#else

namespace busfare::peers {

std::vector<contender> boost_triad(const cl_host_ptr&, const data&, const data&, float) { return {}; }
std::vector<contender> boost_saxpy(const cl_host_ptr&, const data&, const data&, float) { return {}; }
std::vector<contender> boost_sum(const cl_host_ptr&, const data&) { return {}; }
std::vector<contender> boost_dot(const cl_host_ptr&, const data&, const data&) { return {}; }

}  // namespace busfare::peers
#endif
