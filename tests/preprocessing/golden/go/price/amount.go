package price

// Amount is money in cents.
type Amount int

// Cents is an alias.
type Cents = Amount

// Plus adds two amounts.
func (a Amount) Plus(b Amount) Amount { return a + b }

// Zero is no money.
func Zero() Amount { return Amount(0) }

// Table knows reductions.
type Table struct{ cut Amount }

// Lookup is the reduced price.
func (t Table) Lookup(a Amount) Amount {
	return a.Plus(-t.cut)
}
