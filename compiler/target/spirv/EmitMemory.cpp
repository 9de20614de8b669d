//===- EmitMemory.cpp - Bindings, workgroup and private arrays ------------===//
//
// Logical addressing has no pointer casts, so a vector view is either a second
// variable on the same binding (both Aliased), or, in workgroup memory, another
// way to count the one array:
// - only vectors are used: an array of vectors;
// - otherwise an array of numbers, and a vector is so many accesses in a row,
//   which drivers join again.
//
// Narrow integers without 8/16-bit storage lie in 32-bit words: a load shifts,
// a store clears its bits and sets them by two atomic operations, so that
// neighbours written by other work items are kept. Workgroup memory without
// narrow integers gives each element a word of its own while that fits, and is
// packed in the same way where it doesn't.
//
//   element 6 of i8: word 1, bits 16 to 23
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;
using spirv::StorageClass;

/// The element types that the memory is used as, its own one included when
/// something but a view uses it.
static llvm::SmallSetVector<Type, 4> getElements(Value root) {
  llvm::SmallSetVector<Type, 4> elements;
  for (Operation *user : root.getUsers()) {
    auto view = dyn_cast<kernel::VectorViewOp>(user);
    if (view && view.getResult().use_empty())
      continue;
    Value seen = view ? Value(view.getResult()) : root;
    elements.insert(cast<MemRefType>(seen.getType()).getElementType());
  }
  return elements;
}

/// The type of an element in memory of a storage class. Narrow integers are
/// words where the device can't store them: packed ones in buffers, one each
/// elsewhere.
Type FunctionEmitter::getStored(Type element, StorageClass storage) {
  Type mapped = types.getRegister(element);
  if (!isNarrow(element))
    return mapped;
  bool isByte = getElementTypeOrSelf(element).isInteger(8);
  bool isBuffer = storage == StorageClass::StorageBuffer;
  namespace feature = schedule::feature;
  llvm::StringRef name = isBuffer
                             ? (isByte ? feature::Storage8 : feature::Storage16)
                             : (isByte ? feature::I8 : feature::I16);
  if (needs.use(name))
    return element;
  return isBuffer ? types.getInteger(32) : mapped;
}

/// Makes the views of all `vector_view`s of `root` from the one of `root`.
void FunctionEmitter::planViews(Value root, const MemoryView &whole) {
  views[root] = whole;
  for (Operation *user : root.getUsers()) {
    auto op = dyn_cast<kernel::VectorViewOp>(user);
    if (!op)
      continue;
    MemoryView view = whole;
    view.element = op.getType().getElementType();
    if (getLanes(view.stored) == 1 && view.kind == MemoryView::Kind::Whole)
      view.kind = MemoryView::Kind::Lanes;
    views[op.getResult()] = view;
  }
}

/// True when the written binding `number` may be the memory of a read one, or
/// the other way round.
static bool mayShareMemory(kernel::FuncOp kernel, unsigned number) {
  for (unsigned other = 0; other < kernel.getNumArguments(); ++other) {
    auto shared =
        kernel.getArgAttrOfType<IntegerAttr>(other, kernel::mayAliasAttrName);
    if (shared && (other == number || shared.getInt() == number))
      return true;
  }
  return false;
}

LogicalResult FunctionEmitter::planBinding(BlockArgument binding) {
  unsigned number = binding.getArgNumber();
  llvm::SmallSetVector<Type, 4> elements = getElements(binding);
  if (elements.empty())
    elements.insert(cast<MemRefType>(binding.getType()).getElementType());
  llvm::SmallSetVector<Type, 4> stored;
  for (Type element : elements)
    stored.insert(getStored(element, StorageClass::StorageBuffer));
  bool aliased =
      stored.size() > 1 || mayShareMemory(module.getKernel(), number);

  auto plan = [&](Value memory) {
    MemoryView view;
    view.isBlock = true;
    view.isShared = module.getKernel().isRead(number) &&
                    module.getKernel().isWritten(number);
    view.storage = StorageClass::StorageBuffer;
    view.element = cast<MemRefType>(memory.getType()).getElementType();
    view.stored = getStored(view.element, view.storage);
    if (isNarrow(view.element) && !isNarrow(view.stored))
      view.kind = MemoryView::Kind::Packed;
    spirv::GlobalVariableOp variable =
        module.getBuffer(number, view.stored, aliased);
    view.base = inPreamble(
        [&]() -> Value { return create<spirv::AddressOfOp>(variable); });
    views[memory] = view;
  };
  if (elements.contains(cast<MemRefType>(binding.getType()).getElementType()))
    plan(binding);
  for (Operation *user : binding.getUsers())
    if (auto view = dyn_cast<kernel::VectorViewOp>(user))
      if (!view.getResult().use_empty())
        plan(view.getResult());
  return success();
}

LogicalResult FunctionEmitter::planArray(Value root, StorageClass storage,
                                         llvm::StringRef name) {
  auto type = cast<MemRefType>(root.getType());
  llvm::SmallSetVector<Type, 4> elements = getElements(root);
  Type chosen = elements.size() == 1 ? elements.front() : type.getElementType();
  int64_t bytes =
      type.getNumElements() * kernel::getMemoryBytes(type.getElementType());
  int64_t count = std::max<int64_t>(bytes / kernel::getMemoryBytes(chosen), 1);
  for (Type element : elements)
    if (getLanes(chosen) == 1 && getElementTypeOrSelf(element) != chosen)
      return refuse(root.getDefiningOp(),
                    "its elements are used as numbers and as vectors of "
                    "another type");

  MemoryView whole;
  whole.storage = storage;
  whole.isShared = storage == StorageClass::Workgroup;
  whole.element = type.getElementType();
  whole.stored = getStored(chosen, storage);
  bool isWidened = isNarrow(chosen) && !isNarrow(whole.stored);
  if (storage == StorageClass::Workgroup && isWidened &&
      !module.fitsWidened()) {
    whole.kind = MemoryView::Kind::Packed;
    whole.stored = types.getInteger(32);
    count = llvm::divideCeil(bytes, 4);
  }
  auto pointer = TypeMapping::getArray(whole.stored, count, storage);
  if (storage == StorageClass::Workgroup) {
    spirv::GlobalVariableOp variable = module.addWorkgroupMemory(name, pointer);
    whole.base = inPreamble(
        [&]() -> Value { return create<spirv::AddressOfOp>(variable); });
  } else {
    whole.base = getVariable(pointer.getPointeeType());
  }
  planViews(root, whole);
  return success();
}

LogicalResult FunctionEmitter::emitMemory(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<kernel::WorkgroupMemoryOp>([&](auto memory) {
        return planArray(memory.getResult(), StorageClass::Workgroup,
                         memory.getName().value_or("shared"));
      })
      .Case<memref::AllocaOp>([&](auto memory) {
        return planArray(memory.getResult(), StorageClass::Function, "");
      })
      .Case<memref::LoadOp>([&](auto load) { return emitLoad(load); })
      .Case<memref::StoreOp>([&](auto store) { return emitStore(store); })
      .Default([&](Operation *) { return success(); }); // views are planned
}

LogicalResult FunctionEmitter::emitLoad(memref::LoadOp op) {
  const MemoryView &view = views[op.getMemRef()];
  Value index = get(op.getIndices().front());
  // Narrow integers are extended as most of their users want them.
  auto wantsUnsigned = [](Operation *user) {
    return isa<arith::ExtUIOp, arith::UIToFPOp, arith::DivUIOp, arith::RemUIOp,
               arith::ShRUIOp, arith::IndexCastUIOp, kernel::HalfToFloatOp>(
        user);
  };
  Value value;
  switch (view.kind) {
  case MemoryView::Kind::Whole:
    value = fromStored(loadElement(view, index), view.element,
                       llvm::any_of(op->getUsers(), wantsUnsigned));
    break;
  case MemoryView::Kind::Lanes:
    value = loadLanes(view, index);
    break;
  case MemoryView::Kind::Packed:
    value = loadPacked(view, index);
    break;
  }
  set(op.getResult(), value);
  return success();
}

LogicalResult FunctionEmitter::emitStore(memref::StoreOp op) {
  const MemoryView &view = views[op.getMemRef()];
  Value index = get(op.getIndices().front()), value = get(op.getValue());
  switch (view.kind) {
  case MemoryView::Kind::Whole:
    storeElement(view, index, toStored(value, view.stored));
    break;
  case MemoryView::Kind::Lanes:
    for (unsigned lane = 0; lane < getLanes(view.element); ++lane)
      storeElement(view, scaleIndex(index, getLanes(view.element), lane),
                   toStored(getElement(value, lane), view.stored));
    break;
  case MemoryView::Kind::Packed:
    storePacked(view, index, value);
    break;
  }
  return success();
}

/// index * factor + offset.
Value FunctionEmitter::scaleIndex(Value index, int64_t factor, int64_t offset) {
  Type type = index.getType();
  if (factor != 1)
    index = create<spirv::IMulOp>(type, index, getInteger(factor, type));
  if (offset != 0)
    index = create<spirv::IAddOp>(type, index, getInteger(offset, type));
  return index;
}

Value FunctionEmitter::getPointer(const MemoryView &view, Value index) {
  if (view.isBlock)
    return create<spirv::AccessChainOp>(view.base,
                                        ValueRange{getI32(0), index});
  return create<spirv::AccessChainOp>(view.base, ValueRange{index});
}

/// In the Vulkan memory model, what other work items see is said to be so.
/// Between dispatches the barriers of the API order private accesses as well.
spirv::MemoryAccessAttr FunctionEmitter::getAccess(const MemoryView &view) {
  if (!needs.usesVulkanMemoryModel() || !view.isShared)
    return spirv::MemoryAccessAttr();
  return spirv::MemoryAccessAttr::get(builder.getContext(),
                                      spirv::MemoryAccess::NonPrivatePointer);
}

Value FunctionEmitter::loadElement(const MemoryView &view, Value index) {
  return create<spirv::LoadOp>(getPointer(view, index), getAccess(view));
}

void FunctionEmitter::storeElement(const MemoryView &view, Value index,
                                   Value value) {
  create<spirv::StoreOp>(getPointer(view, index), value, getAccess(view),
                         /*alignment=*/IntegerAttr());
}

/// A loaded element in its register, narrow ones extended to 32 bits.
Value FunctionEmitter::fromStored(Value value, Type element, bool isUnsigned) {
  Value result = resize(value, types.getRegister(element), !isUnsigned);
  if (result != value)
    extended[result] = isUnsigned ? Extension::Unsigned : Extension::Signed;
  return result;
}

Value FunctionEmitter::toStored(Value value, Type stored) {
  return resize(value, stored, /*isSigned=*/false);
}

Value FunctionEmitter::loadLanes(const MemoryView &view, Value index) {
  unsigned count = getLanes(view.element);
  Type element = getElementTypeOrSelf(view.element);
  SmallVector<Value> lanes;
  for (unsigned lane = 0; lane < count; ++lane) {
    Value place = scaleIndex(index, count, lane);
    lanes.push_back(fromStored(loadElement(view, place), element,
                               /*isUnsigned=*/false));
  }
  return construct(types.getRegister(view.element), lanes);
}

/// The elements of a vector lie in one word, or fill several.
Value FunctionEmitter::loadPacked(const MemoryView &view, Value index) {
  unsigned width = getElementTypeOrSelf(view.element).getIntOrFloatBitWidth();
  unsigned lanes = getLanes(view.element), bits = width * lanes;
  Type i32 = builder.getI32Type(), type = index.getType();
  SmallVector<Value> words;
  if (bits >= 32) {
    for (unsigned word = 0; word < bits / 32; ++word)
      words.push_back(loadElement(view, scaleIndex(index, bits / 32, word)));
    return fromWords(words, view.element);
  }
  unsigned perWord = 32 / bits;
  Value number = create<spirv::UDivOp>(type, index, getInteger(perWord, type));
  Value rest = create<spirv::UModOp>(type, index, getInteger(perWord, type));
  Value shift =
      create<spirv::IMulOp>(i32, resize(rest, i32, false), getI32(bits));
  Value word =
      create<spirv::ShiftRightLogicalOp>(i32, loadElement(view, number), shift);
  return fromWords({word}, view.element);
}

void FunctionEmitter::storePacked(const MemoryView &view, Value index,
                                  Value value) {
  unsigned width = getElementTypeOrSelf(view.element).getIntOrFloatBitWidth();
  unsigned lanes = getLanes(view.element), bits = width * lanes;
  Type i32 = builder.getI32Type(), type = index.getType();
  SmallVector<Value> words;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    Value part = create<spirv::BitwiseAndOp>(i32, getElement(value, lane),
                                             getI32((int64_t(1) << width) - 1));
    unsigned shift = lane * width % 32;
    if (shift == 0) {
      words.push_back(part);
      continue;
    }
    Value moved = create<spirv::ShiftLeftLogicalOp>(i32, part, getI32(shift));
    words.back() = create<spirv::BitwiseOrOp>(i32, words.back(), moved);
  }
  if (bits >= 32) {
    for (auto [number, word] : llvm::enumerate(words))
      storeElement(view, scaleIndex(index, bits / 32, number), word);
    return;
  }
  unsigned perWord = 32 / bits;
  Value number = create<spirv::UDivOp>(type, index, getInteger(perWord, type));
  Value rest = create<spirv::UModOp>(type, index, getInteger(perWord, type));
  Value shift =
      create<spirv::IMulOp>(i32, resize(rest, i32, false), getI32(bits));
  Value pointer = getPointer(view, number);
  Value mask = create<spirv::ShiftLeftLogicalOp>(
      i32, getI32((int64_t(1) << bits) - 1), shift);
  Value others = create<spirv::NotOp>(i32, mask);
  Value moved = create<spirv::ShiftLeftLogicalOp>(i32, words.front(), shift);
  spirv::Scope scope = view.storage == StorageClass::Workgroup
                           ? spirv::Scope::Workgroup
                           : spirv::Scope::Device;
  create<spirv::AtomicAndOp>(i32, pointer, scope, spirv::MemorySemantics::None,
                             others);
  create<spirv::AtomicOrOp>(i32, pointer, scope, spirv::MemorySemantics::None,
                            moved);
}
