from pages import render


def total(items):
    return render(sum(items))
