// A C++20 module: what it exports, and what it keeps.
export module shapes;

int hidden = 2;

export struct square {
    int side;
    int area() const { return side * side; }
};

export template <class Shape>
int scaled(const Shape &shape)
{
    return shape.area() * hidden;
}
